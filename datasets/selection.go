package datasets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Selection is an architecture of a space of choices. Copies are equal.
type Selection struct {
	space   *choiceSpace
	options string // option of each choice, absentOption where there is nothing to decide
}

// String prints what is decided, such as "depth=3 optimizer=sgd momentum=0.9".
func (a Selection) String() string {
	var words []string
	for i, c := range a.space.choices {
		if option := a.options[i]; option != absentOption {
			words = append(words, c.Name+"="+c.Options[option])
		}
	}
	return strings.Join(words, " ")
}

// Option returns the option of a choice; ok is false if there is no such choice, or nothing to
// decide.
func (a Selection) Option(choice string) (option string, ok bool) {
	i, ok := a.space.index[choice]
	if !ok || a.options[i] == absentOption {
		return "", false
	}
	return a.space.choices[i].Options[a.options[i]], true
}

// Decided returns the choices where there is something to decide, and the index of the option of
// each.
func (a Selection) Decided() (choices []Choice, options []int) {
	for i, c := range a.space.choices {
		if option := a.options[i]; option != absentOption {
			choices, options = append(choices, c), append(options, int(option))
		}
	}
	return choices, options
}

// Number returns the option of a choice as a number; ok is false if it is none.
func (a Selection) Number(choice string) (value float64, ok bool) {
	option, ok := a.Option(choice)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(option, 64)
	return value, err == nil
}

// MarshalJSON returns what is decided, as an object in the order of the choices. Options that are
// numbers, true or false are so in it.
func (a Selection) MarshalJSON() ([]byte, error) {
	text := []byte("{")
	for i, c := range a.space.choices {
		if a.options[i] == absentOption {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		name, _ := json.Marshal(c.Name) // a string
		text = append(append(text, name...), ':')
		text = append(text, jsonOption(c.Options[a.options[i]])...)
	}
	return append(text, '}'), nil
}

// jsonOption is an option as JSON: a number, true or false if JSON would print it so.
func jsonOption(option string) []byte {
	if option == "true" || option == "false" {
		return []byte(option)
	}
	if number := json.Number(option); json.Valid([]byte(option)) {
		if _, err := number.Float64(); err == nil {
			return []byte(option)
		}
	}
	text, _ := json.Marshal(option)
	return text
}

// Parse implements Space. It also reads the object that MarshalJSON prints, with its names in any
// order.
func (s *choiceSpace) Parse(text string) (Arch, error) {
	given, err := s.given(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	var wrong error
	a := s.complete(func(i int, _ []byte) byte {
		c := s.choices[i]
		option, ok := given[c.Name]
		delete(given, c.Name)
		j := slices.Index(c.Options, option)
		switch {
		case wrong != nil:
		case !ok:
			wrong = fmt.Errorf("%s: %q does not say what %s is, one of %q", s.name, text, c.Name, c.Options)
		case j < 0:
			wrong = fmt.Errorf("%s: %s is %q, want one of %q", s.name, c.Name, option, c.Options)
		}
		return byte(max(0, j))
	})
	if wrong != nil {
		return nil, wrong
	}
	for _, c := range s.choices {
		if option, ok := given[c.Name]; ok {
			return nil, fmt.Errorf("%s: %s is %s, though there is nothing to decide unless %s is one of %q", s.name, c.Name, option, c.When, c.Equals)
		}
	}
	for name := range given {
		return nil, fmt.Errorf("%s: there is no choice %q", s.name, name)
	}
	return a, nil
}

// given returns what a text says.
func (s *choiceSpace) given(text string) (map[string]string, error) {
	given := map[string]string{}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("%q is no object of JSON: %w", text, err)
		}
		for name, value := range object {
			given[name] = fmt.Sprint(value)
		}
		return given, nil
	}
	for _, word := range strings.Fields(text) {
		name, option, ok := strings.Cut(word, "=")
		if _, twice := given[name]; !ok || twice {
			return nil, fmt.Errorf("%q: want NAME=OPTION, each name once, and not %q", text, word)
		}
		given[name] = option
	}
	return given, nil
}
