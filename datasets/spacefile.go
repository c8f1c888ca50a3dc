package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// ReadSpace reads a space from a file of JSON: choices as of [NewChoices],
//
//	{"name": "my nets", "choices": [
//	  {"name": "depth", "options": [2, 4, 8], "ordered": true},
//	  {"name": "optimizer", "options": ["adam", "sgd"]},
//	  {"name": "momentum", "options": [0.8, 0.9], "ordered": true, "when": {"optimizer": ["sgd"]}}]}
//
// or cells as of [NewCells],
//
//	{"name": "my cells", "cells": {"nodes": 4, "operations": ["none", "skip", "conv3x3"]}}
//
// The error says in which line it is wrong, and how.
func ReadSpace(path string) (Space, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("space file: %w", err)
	}
	space, err := ParseSpace(text)
	if err != nil {
		return nil, fmt.Errorf("space file %s, %w", path, err)
	}
	return space, nil
}

// spaceFile is what a file holds.
type spaceFile struct {
	Name    string            `json:"name"`
	Choices []json.RawMessage `json:"choices,omitempty"`
	Cells   json.RawMessage   `json:"cells,omitempty"`
}

type choiceEntry struct {
	Name    string              `json:"name"`
	Options []json.RawMessage   `json:"options"`
	Ordered bool                `json:"ordered,omitzero"`
	When    map[string][]option `json:"when,omitempty"`
}

type cellsEntry struct {
	Nodes      int      `json:"nodes"`
	Operations []string `json:"operations"`
}

// option is a word or a number.
type option string

// UnmarshalJSON keeps a number as it is written.
func (o *option) UnmarshalJSON(text []byte) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	switch value.(type) {
	case string, json.Number, bool:
		*o = option(fmt.Sprint(value))
		return nil
	}
	return fmt.Errorf("an option is %s, want a word or a number", text)
}

// MarshalJSON writes a word as a word, and a number as a number.
func (o option) MarshalJSON() ([]byte, error) { return jsonOption(string(o)), nil }

// MarshalJSON writes the space as [ReadSpace] reads it.
func (s *choiceSpace) MarshalJSON() ([]byte, error) {
	file := spaceFile{Name: s.name}
	for _, c := range s.choices {
		entry := choiceEntry{Name: c.Name, Ordered: c.Ordered}
		for _, text := range c.Options {
			entry.Options = append(entry.Options, jsonOption(text))
		}
		if c.When != "" {
			entry.When = map[string][]option{c.When: nil}
			for _, text := range c.Equals {
				entry.When[c.When] = append(entry.When[c.When], option(text))
			}
		}
		text, err := json.Marshal(entry)
		if err != nil {
			return nil, err
		}
		file.Choices = append(file.Choices, text)
	}
	return json.Marshal(file)
}

// MarshalJSON writes the space as [ReadSpace] reads it.
func (s *cellSpace) MarshalJSON() ([]byte, error) {
	cells, err := json.Marshal(cellsEntry{s.nodes, s.operations})
	if err != nil {
		return nil, err
	}
	return json.Marshal(spaceFile{Name: s.name, Cells: cells})
}

// otherSpace says where two descriptions of a space differ, if they do.
func otherSpace(there, here json.RawMessage) error {
	if bytes.Equal(there, here) {
		return nil
	}
	var was, is spaceFile
	if json.Unmarshal(there, &was) == nil && json.Unmarshal(here, &is) == nil {
		for i := range min(len(was.Choices), len(is.Choices)) {
			if !bytes.Equal(was.Choices[i], is.Choices[i]) {
				there, here = was.Choices[i], is.Choices[i]
				break
			}
		}
	}
	return fmt.Errorf("the space was another one when its search began: %s, and now %s", there, here)
}

// ParseSpace is [ReadSpace] for the text of a file.
func ParseSpace(text []byte) (Space, error) {
	var file spaceFile
	if err := strictly(text, &file); err != nil {
		return nil, atLine(text, text, err)
	}
	switch {
	case file.Name == "":
		return nil, atLine(text, text, errors.New(`there is no "name"`))
	case (file.Choices == nil) == (file.Cells == nil):
		return nil, atLine(text, text, errors.New(`want either "choices" or "cells"`))
	case file.Cells != nil:
		var cells cellsEntry
		err := strictly(file.Cells, &cells)
		if err == nil {
			var space Space
			if space, err = NewCells(file.Name, cells.Nodes, cells.Operations...); err == nil {
				return space, nil
			}
		}
		return nil, atLine(text, file.Cells, err)
	}
	var choices []Choice
	for _, entry := range file.Choices {
		choice, err := parseChoice(entry)
		if err == nil {
			// A space of those so far: what is wrong with it is wrong with the last.
			choices = append(choices, choice)
			_, err = NewChoices(file.Name, choices...)
		}
		if err != nil {
			return nil, atLine(text, entry, err)
		}
	}
	space, err := NewChoices(file.Name, choices...)
	if err != nil {
		return nil, atLine(text, text, err)
	}
	return space, nil
}

func parseChoice(text json.RawMessage) (c Choice, err error) {
	var entry choiceEntry
	if err := strictly(text, &entry); err != nil {
		return c, err
	}
	c = Choice{Name: entry.Name, Ordered: entry.Ordered}
	for _, raw := range entry.Options {
		var o option
		if err := o.UnmarshalJSON(raw); err != nil {
			return c, err
		}
		c.Options = append(c.Options, string(o))
	}
	if len(entry.When) > 1 {
		return c, fmt.Errorf("%s depends on %d choices, want one", c.Name, len(entry.When))
	}
	for name, options := range entry.When {
		c.When = name
		for _, o := range options {
			c.Equals = append(c.Equals, string(o))
		}
	}
	return c, nil
}

// strictly reads one value, and knows of no other fields than those of the target.
func strictly(text []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows after the space")
	}
	return nil
}

// inJSON names a kind of Go's in JSON's words.
func inJSON(kind reflect.Kind) string {
	switch kind {
	case reflect.Slice:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Int, reflect.Float64:
		return "number"
	}
	return kind.String()
}

// atLine adds the line of a part of the text, or of the error in it, and puts the error in plain
// words.
func atLine(text, part []byte, err error) error {
	at := bytes.Index(text, part)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	said := strings.TrimPrefix(err.Error(), "json: ")
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		at, said = len(bytes.TrimRight(text, "\n")), "it ends too early; is a bracket missing?"
	case errors.As(err, &syntax):
		at, said = at+int(syntax.Offset), "this is no JSON: "+said
	case errors.As(err, &kind):
		at, said = at+int(kind.Offset), fmt.Sprintf("it is of kind %s, want %s", kind.Value, inJSON(kind.Type.Kind()))
		if kind.Field != "" {
			said = fmt.Sprintf("%q is of kind %s, want %s", kind.Field, kind.Value, inJSON(kind.Type.Kind()))
		}
	}
	at = min(max(at, 0), len(text))
	return fmt.Errorf("line %d: %s", 1+bytes.Count(text[:at], []byte("\n")), said)
}
