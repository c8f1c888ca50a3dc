package nasbench301

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

// pickledBooster is an object of the class xgboost.core.Booster. Its handle is the serialised model.
type pickledBooster struct{ handle []byte }

func (*pickledBooster) PyNew(...any) (any, error) { return new(pickledBooster), nil }

func (b *pickledBooster) PyDictSet(key, value any) error {
	if key == "handle" {
		array, ok := value.(*types.ByteArray)
		if !ok {
			return fmt.Errorf("the Booster's handle is a %T, want a bytearray", value)
		}
		b.handle = *array
	}
	return nil
}

// byteArray is the class bytearray.
type byteArray struct{}

func (byteArray) Call(args ...any) (any, error) {
	if len(args) == 1 {
		if content, ok := args[0].([]byte); ok {
			return types.NewByteArrayFromSlice(content), nil
		}
	}
	return nil, errors.New("a bytearray is not made of bytes")
}

// unpickle reads a member of the ensemble.
func unpickle(content []byte) (b *booster, err error) {
	defer func() {
		if cause := recover(); cause != nil { // the library panics on some pickles that are not well-formed
			err = fmt.Errorf("not a well-formed pickle: %v", cause)
		}
	}()
	if err := checkLengths(content); err != nil {
		return nil, fmt.Errorf("not a well-formed pickle: %w", err)
	}
	rest := bytes.NewReader(content)
	unpickler := pickle.NewUnpickler(rest)
	unpickler.FindClass = func(module, name string) (any, error) {
		switch module + "." + name {
		case "xgboost.core.Booster":
			return new(pickledBooster), nil
		case "builtins.bytearray":
			return byteArray{}, nil
		}
		return types.NewGenericClass(module, name), nil
	}
	value, err := unpickler.Load()
	if err != nil {
		return nil, fmt.Errorf("not a well-formed pickle: %w", err)
	}
	object, ok := value.(*pickledBooster)
	switch {
	case !ok:
		return nil, fmt.Errorf("the pickle holds a %T, want an xgboost.core.Booster", value)
	case object.handle == nil:
		return nil, errors.New("the Booster has no handle")
	case rest.Len() > 0:
		return nil, fmt.Errorf("%d bytes follow the pickle", rest.Len())
	}
	return deserialise(object.handle)
}

// Opcodes of pickles by what follows them: so many bytes, as many bytes as the next 1, 4 or 8 bytes say, or lines.
//
// Source: Lib/pickletools.py of Python.
var (
	plainOpcodes = map[int]string{
		0: ".()}]012NtldosaeubRQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98",
		1: "Kqh\x80\x82",
		2: "M\x83",
		4: "Jrj\x84",
		8: "G\x95", // a frame's length comes before opcodes
	}
	countedOpcodes = map[int]string{1: "UC\x8a\x8c", 4: "TBX\x8b", 8: "\x8d\x8e\x96"}
	lineOpcodes    = map[int]string{1: "ILFSVPpg", 2: "ci"}
)

const frameOpcode = 0x95

// checkLengths returns an error unless all that opcodes announce is there. The library reserves memory for it
// before it looks.
func checkLengths(pickle []byte) error {
	for c := cursor(pickle); len(c) > 0; {
		at := len(pickle) - len(c)
		opcode := c[0]
		c = c[1:]
		if err := skipArgument(&c, opcode); err != nil {
			return fmt.Errorf("opcode %q at byte %d: %w", opcode, at, err)
		}
		if opcode == '.' {
			return nil
		}
	}
	return io.ErrUnexpectedEOF
}

func skipArgument(c *cursor, opcode byte) error {
	is := func(opcodes string) bool { return strings.IndexByte(opcodes, opcode) >= 0 }
	for size, opcodes := range plainOpcodes {
		if is(opcodes) {
			argument, err := c.next(size)
			if err == nil && opcode == frameOpcode && binary.LittleEndian.Uint64(argument) > uint64(len(*c)) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	for size, opcodes := range countedOpcodes {
		if is(opcodes) {
			length, err := c.next(size)
			if err != nil {
				return err
			}
			n := binary.LittleEndian.Uint64(append(bytes.Clone(length), make([]byte, 8-size)...))
			if n > uint64(len(*c)) {
				return io.ErrUnexpectedEOF
			}
			_, err = c.next(int(n))
			return err
		}
	}
	for lines, opcodes := range lineOpcodes {
		if is(opcodes) {
			for range lines {
				end := bytes.IndexByte(*c, '\n')
				if end < 0 {
					return io.ErrUnexpectedEOF
				}
				*c = (*c)[end+1:]
			}
			return nil
		}
	}
	return errors.New("unknown")
}
