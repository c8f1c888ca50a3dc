package pydata

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What Parse returns is a string, an int, a float64, a bool, nil, or one of these.
type (
	List  []any
	Tuple []any
	Dict  []Item // in the order of the text
	Name  string // a word without quotes, such as CONV3X3

	// Call is a call that stays one, such as Genotype(...). Its name is without the module's.
	Call struct {
		Name     string
		Args     []any
		Keywords Dict // their keys are strings
	}

	Item struct{ Key, Value any }
)

const (
	maxText  = 1 << 16 // bytes that Parse reads
	maxDepth = 16      // of brackets within brackets
	maxRange = 64      // elements of a range
	maxWord  = 100     // bytes of a name

	maxQuoted = 202 // bytes of a text in an error
)

// prefix is what stands before a value in a log or in a program: a time, and a name.
var prefix = regexp.MustCompile(`^(?:\d+[/-]\d+(?:[/-]\d+)?[ T]\d+:\d+(?::\d+)?(?:[.,]\d+)?(?: [AP]M)?\s+)?(?:[A-Za-z_]\w*\s*[=:]\s*)?`)

// Parse reads the values in a text, one after the other: Python literals, JSON, NumPy's print of
// arrays, and calls. Commas between values, comments, a time and "name =" or "name:" at the start
// are passed over.
//
// Calls that only wrap a value are that value: np.int64(0), array([...]), list(range(2, 6)),
// OrderedDict(...).
func Parse(text string) ([]any, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text has %d bytes, want at most %d", len(text), maxText)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8")
	}
	p := &parser{rest: text}
	p.space()
	p.rest = p.rest[len(prefix.FindString(p.rest)):]
	var values []any
	for p.space(); p.rest != ""; p.space() {
		value, err := p.value(0)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
		p.space()
		p.skip(",")
	}
	if len(values) == 0 {
		return nil, errors.New("there is nothing to read")
	}
	return values, nil
}

// Elements returns what a list or a tuple holds.
func Elements(value any) (elements []any, ok bool) {
	switch v := value.(type) {
	case List:
		return v, true
	case Tuple:
		return v, true
	}
	return nil, false
}

// Get returns the value of a key.
func (d Dict) Get(key string) (value any, ok bool) {
	for _, item := range d {
		if item.Key == any(key) {
			return item.Value, true
		}
	}
	return nil, false
}

// Describe names a value for an error: its text if it is short, else what it is.
func Describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "None"
	case string:
		return Quote(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return fmt.Sprintf("%.1f", v)
		}
	case Name:
		return string(v)
	case Call:
		return v.Name + "(...)"
	case Dict:
		return fmt.Sprintf("a dict of %d", len(v))
	case List:
		return describe("[", v, "]", "list")
	case Tuple:
		return describe("(", v, ")", "tuple")
	}
	return fmt.Sprint(value)
}

func describe(open string, elements []any, end, kind string) string {
	if len(elements) > 8 {
		return fmt.Sprintf("a %s of %d", kind, len(elements))
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if _, nested := Elements(e); nested {
			return fmt.Sprintf("a %s of %d", kind, len(elements))
		}
		texts[i] = Describe(e)
	}
	if text := open + strings.Join(texts, ", ") + end; len(text) <= maxQuoted {
		return text
	}
	return fmt.Sprintf("a %s of %d", kind, len(elements))
}

// Quote returns a text in quotes, on one line, without its middle if it is long.
func Quote(text string) string {
	quoted := strconv.Quote(text)
	for ends := min(90, len(text)/2); len(quoted) > maxQuoted; ends /= 2 {
		quoted = strconv.Quote(strings.ToValidUTF8(text[:ends], "") + " ... " + strings.ToValidUTF8(text[len(text)-ends:], ""))
	}
	return quoted
}

var (
	wordPattern   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*`)
	numberPattern = regexp.MustCompile(`^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`)
)

// with returns d with one more item.
func (d Dict) with(key, value any) (Dict, error) {
	switch key.(type) {
	case string, int:
	default:
		return nil, fmt.Errorf("the key %s is neither a string nor a number", Describe(key))
	}
	for _, item := range d {
		if item.Key == key {
			return nil, fmt.Errorf("%s occurs twice", Describe(key))
		}
	}
	if len(d) == 1000 {
		return nil, errors.New("a dict has more than 1000 keys")
	}
	return append(d, Item{key, value}), nil
}

var scalarPattern = regexp.MustCompile(`^(?:u?int\d*|float\d*|bool_?|str_?)$`)

// simplify returns the value that a call wraps, or the call.
func (c Call) simplify() (any, error) {
	if len(c.Args) == 0 {
		return c, nil
	}
	switch only := len(c.Args) == 1; {
	case c.Name == "array" || c.Name == "asarray" || c.Name == "tensor": // what else they are given is the type
		return c.Args[0], nil
	case scalarPattern.MatchString(c.Name) && only && len(c.Keywords) == 0:
		switch c.Args[0].(type) {
		case string, int, float64, bool:
			return c.Args[0], nil
		}
	case (c.Name == "list" || c.Name == "tuple") && only && len(c.Keywords) == 0:
		if elements, ok := Elements(c.Args[0]); ok {
			return List(elements), nil
		}
	case c.Name == "range":
		return c.interval()
	case (c.Name == "OrderedDict" || c.Name == "dict") && only && len(c.Keywords) == 0:
		return pairs(c.Args[0])
	}
	return c, nil
}

func (c Call) interval() (any, error) {
	var bounds [2]int
	arguments := c.Args
	if len(arguments) == 1 {
		arguments = []any{0, arguments[0]}
	}
	for i, argument := range arguments {
		n, ok := argument.(int)
		if !ok || len(arguments) != 2 || len(c.Keywords) > 0 {
			return nil, errors.New("a range is read with one or two integers")
		}
		bounds[i] = n
	}
	list := List{}
	for i := bounds[0]; i < bounds[1]; i++ {
		if len(list) == maxRange {
			return nil, fmt.Errorf("a range has more than %d elements", maxRange)
		}
		list = append(list, i)
	}
	return list, nil
}

// pairs returns the dict that a dict or a list of pairs makes.
func pairs(value any) (any, error) {
	if dict, ok := value.(Dict); ok {
		return dict, nil
	}
	elements, ok := Elements(value)
	if !ok {
		return nil, fmt.Errorf("a dict is made of %s", Describe(value))
	}
	dict := Dict{}
	for _, e := range elements {
		pair, ok := Elements(e)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("a dict is made of %s, want pairs", Describe(e))
		}
		var err error
		if dict, err = dict.with(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return dict, nil
}
