package pydata

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// parser reads from the start of rest.
type parser struct{ rest string }

// space passes over white space and comments, and reports whether there were any.
func (p *parser) space() bool {
	before := len(p.rest)
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n\f\v\u00a0")
		if !strings.HasPrefix(p.rest, "#") {
			return len(p.rest) < before
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

// skip passes over a token if it comes next.
func (p *parser) skip(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

// found says what comes next.
func (p *parser) found() string {
	if p.rest == "" {
		return "found the end of the text"
	}
	line, _, _ := strings.Cut(p.rest, "\n")
	if len(line) > 30 {
		return "found " + strconv.Quote(strings.ToValidUTF8(line[:30], "")+"...")
	}
	return "found " + strconv.Quote(line)
}

func (p *parser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("there are more than %d brackets within brackets", maxDepth)
	}
	switch {
	case p.rest == "":
		return nil, errors.New("the text ends where a value is wanted")
	case p.skip("["):
		list, err := p.elements("]", depth)
		return List(list), err
	case p.skip("("):
		return p.tuple(depth)
	case p.skip("{"):
		return p.dict(depth)
	case p.rest[0] == '\'' || p.rest[0] == '"':
		return p.string()
	}
	if number := numberPattern.FindString(p.rest); number != "" {
		return p.number(number)
	}
	word := wordPattern.FindString(p.rest)
	switch {
	case word == "":
		return nil, fmt.Errorf("%s where a value is wanted", p.found())
	case len(word) > maxWord:
		return nil, fmt.Errorf("%s, a name of %d characters", p.found(), len(word))
	}
	p.rest = p.rest[len(word):]
	switch word {
	case "u", "b", "r":
		if p.rest != "" && (p.rest[0] == '\'' || p.rest[0] == '"') {
			return p.string()
		}
	case "True", "true":
		return true, nil
	case "False", "false":
		return false, nil
	case "None", "null":
		return nil, nil
	}
	if p.skip("(") {
		return p.call(word, depth)
	}
	return Name(word), nil
}

func (p *parser) number(text string) (any, error) {
	rest := p.rest[len(text):]
	digits := strings.TrimLeft(text, "+-")
	if wordPattern.MatchString(rest) || len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return nil, fmt.Errorf("%s, which is not a number", p.found())
	}
	p.rest = rest
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("the number %s is too large", Quote(text))
	}
	return x, nil
}

func (p *parser) string() (any, error) {
	quote := p.rest[:1]
	text, rest, ok := strings.Cut(p.rest[1:], quote)
	switch {
	case !ok || strings.Contains(text, "\n"):
		return nil, fmt.Errorf("%s, a string without its closing quote", p.found())
	case strings.Contains(text, `\`):
		return nil, fmt.Errorf("the string %s has a backslash, which is not read", Quote(text))
	}
	p.rest = rest
	return text, nil
}

// elements reads values up to the token end. Commas divide them; where there are none, white space
// may divide numbers, strings and lists, as NumPy prints them.
func (p *parser) elements(end string, depth int) ([]any, error) {
	elements := []any{}
	commas, spaces := false, false
	for {
		spaced := p.space()
		if p.skip(end) {
			return elements, nil
		}
		if n := len(elements); n > 0 {
			switch {
			case !spaces && p.skip(","):
				commas = true
				p.space()
				if p.skip(end) {
					return elements, nil
				}
			case spaced && !commas && end == "]" && p.rest != "" && plain(elements[n-1]):
				spaces = true
			default:
				return nil, fmt.Errorf("%s after %s, want a comma or %q", p.found(), Describe(elements[n-1]), end)
			}
		}
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if spaces && !plain(value) {
			return nil, fmt.Errorf("there is no comma between %s and %s", Describe(elements[len(elements)-1]), Describe(value))
		}
		elements = append(elements, value)
	}
}

// plain reports whether NumPy prints such values without commas.
func plain(value any) bool {
	switch value.(type) {
	case string, int, float64, bool, List:
		return true
	}
	return false
}

// tuple reads what follows an opening parenthesis: a tuple, or a value in parentheses.
func (p *parser) tuple(depth int) (any, error) {
	text := p.rest
	elements, err := p.elements(")", depth)
	if err != nil {
		return nil, err
	}
	inside := strings.TrimRight(text[:len(text)-len(p.rest)-1], " \t\r\n")
	if len(elements) == 1 && !strings.HasSuffix(inside, ",") {
		return elements[0], nil
	}
	return Tuple(elements), nil
}

func (p *parser) dict(depth int) (any, error) {
	dict := Dict{}
	for {
		p.space()
		if p.skip("}") {
			return dict, nil
		}
		if len(dict) > 0 {
			if !p.skip(",") {
				return nil, fmt.Errorf("%s after the value of %s, want a comma or \"}\"", p.found(), Describe(dict[len(dict)-1].Key))
			}
			p.space()
			if p.skip("}") {
				return dict, nil
			}
		}
		key, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.skip(":") {
			return nil, fmt.Errorf("%s after the key %s, want a colon", p.found(), Describe(key))
		}
		p.space()
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if dict, err = dict.with(key, value); err != nil {
			return nil, err
		}
	}
}

// call reads the arguments of a call and its closing parenthesis.
func (p *parser) call(name string, depth int) (any, error) {
	c := Call{Name: name[strings.LastIndexByte(name, '.')+1:]}
	for first := true; ; first = false {
		p.space()
		if p.skip(")") {
			return c.simplify()
		}
		if !first {
			if !p.skip(",") {
				return nil, fmt.Errorf("%s in %s(...), want a comma or \")\"", p.found(), name)
			}
			p.space()
			if p.skip(")") {
				return c.simplify()
			}
		}
		keyword, isKeyword := p.keyword()
		value, err := p.value(depth + 1)
		switch {
		case err != nil:
			return nil, err
		case isKeyword:
			if c.Keywords, err = c.Keywords.with(keyword, value); err != nil {
				return nil, fmt.Errorf("%s(...): %w", name, err)
			}
		case len(c.Keywords) > 0:
			return nil, fmt.Errorf("%s(...): %s comes without a name after others with one", name, Describe(value))
		default:
			c.Args = append(c.Args, value)
		}
	}
}

var keywordPattern = regexp.MustCompile(`^([A-Za-z_]\w*)\s*=\s*`)

func (p *parser) keyword() (string, bool) {
	match := keywordPattern.FindStringSubmatch(p.rest)
	if match == nil || len(match[1]) > maxWord { // which is then read as a value, and refused
		return "", false
	}
	p.rest = p.rest[len(match[0]):]
	return match[1], true
}
