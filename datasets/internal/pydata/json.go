package pydata

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// JSON reads a large JSON text piece by piece, as Python writes it: NaN is null. A piece is a value
// that Decode reads, or a key. No piece may be longer than 16 MB.
type JSON struct {
	decoder *json.Decoder
	in      *limited
}

const maxPiece = 16 << 20

// NewJSON returns a reader of a JSON text.
func NewJSON(in io.Reader) *JSON {
	l := &limited{in: bufio.NewReaderSize(in, 1<<20), left: maxPiece}
	return &JSON{json.NewDecoder(l), l}
}

// Decode reads the next value.
func (j *JSON) Decode(value any) error {
	j.in.left = maxPiece
	return noEnd(j.decoder.Decode(value))
}

// EachMember calls f with each key of the object that comes next. f reads the value.
func (j *JSON) EachMember(f func(key string) error) error {
	return j.each('{', "an object", func() error {
		key, err := j.token()
		if err != nil {
			return err
		}
		return f(key.(string))
	})
}

// EachElement calls f for each element of the array that comes next. f reads it.
func (j *JSON) EachElement(f func() error) error { return j.each('[', "an array", f) }

func (j *JSON) each(open json.Delim, what string, f func() error) error {
	token, err := j.token()
	if err != nil {
		return err
	}
	if token != open {
		return fmt.Errorf("byte %d: found %s, want %s", j.decoder.InputOffset(), Quote(fmt.Sprint(token)), what)
	}
	for j.decoder.More() {
		if err := f(); err != nil {
			return err
		}
	}
	_, err = j.token()
	return err
}

// End returns an error unless nothing but white space follows.
func (j *JSON) End() error {
	switch token, err := j.decoder.Token(); {
	case err == nil:
		return fmt.Errorf("found %s after the data", Quote(fmt.Sprint(token)))
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

func (j *JSON) token() (json.Token, error) {
	j.in.left = maxPiece
	token, err := j.decoder.Token()
	return token, noEnd(err)
}

// noEnd returns the error for an end where there should be none.
func noEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// limited turns NaN into null, and ends with an error where a piece gets too long.
type limited struct {
	in       *bufio.Reader
	left     int // bytes of the piece
	inString bool
	escaped  bool
	pending  string
	err      error
}

func (l *limited) Read(b []byte) (int, error) {
	if l.err == nil && l.left <= 0 {
		l.err = fmt.Errorf("a value is longer than %d MB", maxPiece>>20)
	}
	if l.err != nil {
		return 0, l.err
	}
	b = b[:min(len(b), 1<<16)]
	for n := range b {
		if l.pending == "" {
			c, err := l.in.ReadByte()
			if err != nil {
				return n, err
			}
			l.left--
			if c != 'N' || l.inString {
				b[n] = c
				l.inString = l.inString != (c == '"' && !l.escaped)
				l.escaped = c == '\\' && !l.escaped
				continue
			}
			if next, err := l.in.Peek(2); err != nil || string(next) != "aN" {
				l.err = errors.New("found an N that does not start NaN")
				return n, l.err
			}
			l.in.Discard(len("aN"))
			l.pending = "null"
		}
		b[n] = l.pending[0]
		l.pending = l.pending[1:]
	}
	return len(b), nil
}
