package pydata

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// Unpickle reads a pickle of at most limit bytes. Classes other than Python's own come from
// findClass, by module and name; nil leaves them unknown.
//
// The value can hold itself, so it must not be printed.
func Unpickle(in io.Reader, limit int64, findClass func(module, name string) (any, error)) (any, error) {
	content, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("the pickle has more than %d bytes", limit)
	}
	value, err := load(content, findClass)
	if err != nil {
		return nil, fmt.Errorf("not a well-formed pickle: %w", err)
	}
	return value, nil
}

func load(content []byte, findClass func(module, name string) (any, error)) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the library panics on some pickles that are not well-formed
			err = fmt.Errorf("%v", cause)
		}
	}()
	if err := check(content); err != nil {
		return nil, err
	}
	rest := bytes.NewReader(content)
	unpickler := pickle.NewUnpickler(rest)
	unpickler.FindClass = func(module, name string) (any, error) {
		if findClass != nil {
			class, err := findClass(module, name)
			if class != nil || err != nil {
				return class, err
			}
		}
		return types.NewGenericClass(module, name), nil
	}
	if value, err = unpickler.Load(); err != nil {
		return nil, err
	}
	if rest.Len() > 0 {
		return nil, fmt.Errorf("%d bytes follow the pickle", rest.Len())
	}
	return value, nil
}

// argument is what follows an opcode: so many bytes, then as many as they say if they are a length,
// then so many lines.
type argument struct {
	known  bool
	bytes  uint64
	length bool
	lines  int
}

// opcodes are those of pickles.
//
// Source: Lib/pickletools.py of Python.
var opcodes = func() (all [256]argument) {
	for _, kind := range []struct {
		opcodes string
		argument
	}{
		{".()}]012NtldosaeubRQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98", argument{}},
		{"Kqh\x80\x82", argument{bytes: 1}},
		{"M\x83", argument{bytes: 2}},
		{"Jrj\x84", argument{bytes: 4}},
		{"G\x95", argument{bytes: 8}}, // a frame's length comes before opcodes
		{"UC\x8a\x8c", argument{bytes: 1, length: true}},
		{"TBX\x8b", argument{bytes: 4, length: true}},
		{"\x8d\x8e\x96", argument{bytes: 8, length: true}},
		{"ILFSVPpg", argument{lines: 1}},
		{"ci", argument{lines: 2}},
	} {
		for _, opcode := range []byte(kind.opcodes) {
			all[opcode] = kind.argument
			all[opcode].known = true
		}
	}
	return all
}()

const (
	mark        = '('
	marksEnd    = "tldeuio1\x90\x91" // opcodes that take what follows the last mark
	maxMarks    = 1000               // that wait for their end at once; the library keeps 256 bytes for each
	setOpcode   = 0x8f
	maxSets     = 10_000 // the library reserves some hundred bytes for an empty one
	longOpcode  = 0x8b
	maxLong     = 255  // bytes of an integer; the library's time grows with their square
	maxLine     = 4096 // bytes of a number or a name
	frameOpcode = 0x95
	stop        = '.'
)

// Get returns the value of a key in a dict of a pickle.
func Get(dict any, key string) (any, error) {
	entries, ok := Entries(dict)
	if !ok {
		return nil, fmt.Errorf("there is a %T where a dict with %q is wanted", dict, key)
	}
	for _, entry := range entries {
		if entry.Key == any(key) {
			return entry.Value, nil
		}
	}
	return nil, fmt.Errorf("there is no %q", key)
}

// Entries returns what a dict of a pickle holds.
func Entries(dict any) (entries []types.DictEntry, ok bool) {
	switch d := dict.(type) {
	case *types.Dict:
		return *d, true
	case *types.OrderedDict:
		for element := d.List.Front(); element != nil; element = element.Next() {
			entry := element.Value.(*types.OrderedDictEntry)
			entries = append(entries, types.DictEntry{Key: entry.Key, Value: entry.Value})
		}
		return entries, true
	}
	return nil, false
}

// Float returns a number of a pickle.
func Float(value any) (float64, error) {
	switch x := value.(type) {
	case float64:
		return x, nil
	case int:
		return float64(x), nil
	}
	return 0, fmt.Errorf("there is a %T where a number is wanted", value)
}

// check returns an error unless all that opcodes announce is there. The library reserves memory for
// it before it looks.
func check(pickle []byte) error {
	marks, sets := 0, 0
	for c := cursor(pickle); len(c) > 0; {
		at := len(pickle) - len(c)
		opcode := c[0]
		c = c[1:]
		err := c.skipArgument(opcode)
		switch {
		case err == nil && opcode == mark:
			if marks++; marks > maxMarks {
				err = fmt.Errorf("more than %d marks", maxMarks)
			}
		case err == nil && opcode == setOpcode:
			if sets++; sets > maxSets {
				err = fmt.Errorf("more than %d sets", maxSets)
			}
		case strings.IndexByte(marksEnd, opcode) >= 0:
			marks--
		}
		if err != nil {
			return fmt.Errorf("opcode %q at byte %d: %w", opcode, at, err)
		}
		if opcode == stop {
			return nil
		}
	}
	return io.ErrUnexpectedEOF
}

// cursor is what remains of a pickle.
type cursor []byte

func (c *cursor) next(n uint64) ([]byte, error) {
	if n > uint64(len(*c)) {
		return nil, io.ErrUnexpectedEOF
	}
	part := (*c)[:n]
	*c = (*c)[n:]
	return part, nil
}

// skipArgument passes over what belongs to an opcode.
func (c *cursor) skipArgument(opcode byte) error {
	argument := opcodes[opcode]
	if !argument.known {
		return errors.New("unknown")
	}
	fixed, err := c.next(argument.bytes)
	if err != nil {
		return err
	}
	if argument.length || opcode == frameOpcode {
		var eight [8]byte
		copy(eight[:], fixed)
		n := binary.LittleEndian.Uint64(eight[:])
		switch {
		case n > uint64(len(*c)):
			return io.ErrUnexpectedEOF
		case opcode == longOpcode && n > maxLong:
			return fmt.Errorf("an integer of %d bytes", n)
		case argument.length:
			*c = (*c)[n:]
		}
	}
	for range argument.lines {
		end := bytes.IndexByte(*c, '\n')
		switch {
		case end < 0:
			return io.ErrUnexpectedEOF
		case end > maxLine && opcode != 'S' && opcode != 'V':
			return fmt.Errorf("a line of %d bytes", end)
		}
		*c = (*c)[end+1:]
	}
	return nil
}
