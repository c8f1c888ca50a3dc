package pydata

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// What Python, JSON and NumPy print is read as the same value, whatever stands around it.
func TestParse(t *testing.T) {
	list := List{List{0, 1}, List{0, 0}}
	for text, want := range map[string]any{
		"[[0, 1], [0, 0]]\n":                          list,
		"[[0 1]\n [0 0]]":                             list,
		"[[0. 1.]\n [0. 0.]]":                         List{List{0.0, 1.0}, List{0.0, 0.0}},
		"[[False  True]]":                             List{List{false, true}},
		"matrix = np.array([[0, 1],\n       [0, 0]])": list,
		"array([[0, 1],\n [0, 0]], dtype=int8)":       list,
		"tensor([[0, 1], [0, 0]])":                    list,
		"[[np.int64(0), numpy.int32(1)], [0, 0]]":     list,
		"['input' 'output']":                          List{"input", "output"},
		`{"a": null, 'b': True,}`:                     Dict{{"a", nil}, {"b", true}},
		"OrderedDict([('a', 1), ('b', 2)])":           Dict{{"a", 1}, {"b", 2}},
		"OrderedDict({'a': 1})":                       Dict{{"a", 1}},
		"list(range(2, 6))":                           List{2, 3, 4, 5},
		"range(2)":                                    List{0, 1},
		"(1,)":                                        Tuple{1},
		"(1)":                                         1,
		"()":                                          Tuple{},
		"[-1, +2, 1e3, .5] # a remark":                List{-1, 2, 1000.0, 0.5},
		"[ # a remark\n 1]":                           List{1},
		"u'a'":                                        "a",
		"np.str_('a')":                                "a",
		"ops = [INPUT, CONV3X3]":                      List{Name("INPUT"), Name("CONV3X3")},
		"api.Spec([1], ops='a',)":                     Call{"Spec", []any{List{1}}, Dict{{"ops", "a"}}},
		"05/27 12:01:22 PM a = b":                     Name("b"),
		"2019-05-27 12:01:22,123 b":                   Name("b"),
		"2019-05-27 12:01:22,123 a: b":                Name("b"),
		"a : {'b': 1}":                                Dict{{"b", 1}},
	} {
		got, err := Parse(text)
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("Parse(%q) = %#v, %v, want %#v", text, got, err, want)
		}
	}
	if got, err := Parse("[1]\n['a'], 3"); err != nil || !reflect.DeepEqual(got, []any{List{1}, List{"a"}, 3}) {
		t.Errorf("three values are read as %#v, %v", got, err)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "nothing to read",
		"a = ":                                  "nothing to read",
		"[1, 2":                                 "found the end of the text after 2, want a comma",
		"('a', 0 2)":                            `found "2)" after 0, want a comma or ")"`,
		"[0 1, 2]":                              `found ", 2]" after 1`,
		"[0, 1 2]":                              `found "2]" after 1`,
		"[(1, 2) (3, 4)]":                       `found "(3, 4)]" after (1, 2)`,
		"[1 (3, 4)]":                            "no comma between 1 and (3, 4)",
		"['a''b']":                              `found "'b']" after "a"`,
		"[02]":                                  `found "02]", which is not a number`,
		"[1x]":                                  "not a number",
		"[1e999]":                               "too large",
		"'a":                                    "without its closing quote",
		"'a\nb'":                                "without its closing quote",
		`'a\'b'`:                                "backslash",
		"{'a' 1}":                               `found "1}" after the key "a", want a colon`,
		"{'a': 1 'b': 2}":                       "want a comma",
		"{'a': 1, 'a': 2}":                      `"a" occurs twice`,
		"{[1]: 1}":                              "the key [1] is neither",
		"f(a=1, 2)":                             "2 comes without a name",
		"f(a=1, a=2)":                           `"a" occurs twice`,
		"f(1 2)":                                "in f(...), want a comma",
		"range(1000000000)":                     "more than 64",
		"range(1, 2, 3)":                        "one or two integers",
		strings.Repeat("[", 100):                "more than 16 brackets",
		"[;]":                                   `found ";]" where a value is wanted`,
		"\xff":                                  "UTF-8",
		strings.Repeat("a", 999):                "a name of 999 characters",
		"f(" + strings.Repeat("a", 999) + "=1)": "a name of 999 characters",
	} {
		_, err := Parse(text)
		wantError(t, err, want)
	}
	_, err := Parse(strings.Repeat(" ", 1<<20))
	wantError(t, err, "1048576 bytes")
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line with %q", err, want)
	}
}

// What is described is on one short line.
func TestDescribe(t *testing.T) {
	for want, value := range map[string]any{
		`"a"`:          "a",
		`[3, 4, "x"]`:  List{3, 4, "x"},
		"a list of 9":  List{1, 2, 3, 4, 5, 6, 7, 8, 9},
		"a tuple of 1": Tuple{List{1}},
		"a dict of 1":  Dict{{"a", 1}},
		"None":         nil,
		"4.0":          4.0,
		"0.5":          0.5,
		"Cell(...)":    Call{Name: "Cell"},
		`"` + strings.Repeat(`\x01`, 20) + ` ... ` + strings.Repeat(`\x01`, 20) + `"`: strings.Repeat("\x01", 80),
		`"` + strings.Repeat("x", 90) + ` ... ` + strings.Repeat("x", 90) + `"`:       strings.Repeat("x", 1000),
	} {
		if got := Describe(value); got != want {
			t.Errorf("Describe(%v) = %s, want %s", value, got, want)
		}
	}
}

// Each of these pickles has a few bytes, and without the guard ends the process or runs for hours.
func TestHarmfulPickles(t *testing.T) {
	for name, c := range map[string]struct{ pickle, want string }{
		"12 bytes that announce 9 EB": {"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "at byte 2: unexpected EOF"},
		"a frame of 1 PB":             {"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x04\x00.", "at byte 2: unexpected EOF"},
		"marks only":                  {strings.Repeat("(", 1<<20), "more than 1000 marks"},
		"a huge integer":              {"\x8b\x00\x00\x10\x00" + strings.Repeat("\x01", 1<<20) + ".", "an integer of 1048576 bytes"},
		"a huge number in digits":     {"L" + strings.Repeat("1", 1<<20) + "L\n.", "a line of"},
		"sets only":                   {strings.Repeat("\x8f", 1<<20) + ".", "more than 10000 sets"},
		"a key that cannot be one":    {"ccollections\nOrderedDict\n)RC\x01aK\x01s.", "unhashable"},
		"an odd number of items":      {"}(K\x01u.", "index out of range"},
		"no end":                      {"K\x01", "unexpected EOF"},
		"a tail":                      {"K\x01..", "1 bytes follow"},
		"an unknown opcode":           {"\xff.", "unknown"},
		"longer than allowed":         {strings.Repeat("N0", 2<<20) + ".", "more than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Unpickle(strings.NewReader(c.pickle), 4<<20, nil)
			wantError(t, err, c.want)
		})
	}
}

func TestUnpickle(t *testing.T) {
	got, err := Unpickle(strings.NewReader("\x80\x02}q\x00X\x01\x00\x00\x00aq\x01]q\x02(K\x01G?\xf0\x00\x00\x00\x00\x00\x00es."), 100, nil)
	want := &types.Dict{{Key: "a", Value: &types.List{1, 1.0}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Unpickle = %v, %v, want %v", got, err, want)
	}
	ordered, err := Unpickle(strings.NewReader("ccollections\nOrderedDict\n)R(U\x01aK\x01U\x01bG?\xf0\x00\x00\x00\x00\x00\x00u."), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		value, err := Get(ordered, key)
		if x, also := Float(value); err != nil || also != nil || x != 1 {
			t.Errorf("%s is %v, %v, want 1", key, value, err)
		}
	}
	_, err = Get(ordered, "c")
	wantError(t, err, `there is no "c"`)
	_, err = Get(1, "c")
	wantError(t, err, "a int where a dict")
	_, err = Float("1")
	wantError(t, err, "a string where a number")
}

func TestJSON(t *testing.T) {
	read := func(text string) (got []any, err error) {
		j := NewJSON(strings.NewReader(text))
		err = j.EachMember(func(key string) error {
			var value any
			got = append(got, key)
			err := j.Decode(&value)
			got = append(got, value)
			return err
		})
		if err == nil {
			err = j.End()
		}
		return got, err
	}
	if got, err := read(`{"NaN\"N": NaN, "b": [1, NaN]} `); err != nil || !reflect.DeepEqual(got, []any{`NaN"N`, nil, "b", []any{1.0, nil}}) {
		t.Errorf("read %#v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":              "unexpected EOF",
		"[1]":           `found "[", want an object`,
		`{"a": None}`:   "N that does not start NaN",
		`{"a": 1`:       "EOF",
		`{"a": 1} true`: "after the data",
		`{"a": "` + strings.Repeat("x", 20<<20) + `"}`: "longer than 16 MB",
	} {
		_, err := read(text)
		wantError(t, err, want)
	}
	j := NewJSON(strings.NewReader("[1, 2]"))
	sum := 0
	err := j.EachElement(func() error {
		var n int
		err := j.Decode(&n)
		sum += n
		return err
	})
	if err != nil || sum != 3 {
		t.Errorf("elements add up to %d, %v", sum, err)
	}
}

// No text makes Parse panic or hang, and what it reads can be described.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"[[0 1]\n [0 0]]", "a = Genotype(normal=[('x', 0)], n=range(2, 6)) # z", `{"0_1": 'a', "b": null}`,
		"array([[0., 1.]], dtype=int8), ['a' 'b']", "np.int64(3)", "OrderedDict([('a', 1)])", "((((", "'\\'", "list(tuple([1]))",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := Parse(text)
		if (len(values) == 0) != (err != nil) {
			t.Fatalf("%d values, %v", len(values), err)
		}
		for _, v := range values {
			if d := Describe(v); d == "" || len(d) > maxQuoted+10 {
				t.Fatalf("described as %q", d)
			}
		}
	})
}

// No pickle makes Unpickle panic, hang or use much memory.
func FuzzUnpickle(f *testing.F) {
	for _, seed := range []string{
		"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "\x80\x02}q\x00X\x01\x00\x00\x00aq\x01]q\x02(K\x01G?\xf0\x00\x00\x00\x00\x00\x00es.",
		"ccollections\nOrderedDict\n)RC\x01aK\x01s.", "(lp0\nI1\naL5L\nag0\na.", "carray\n_array_reconstructor\n(cx\ny\nU\x01dK\x10C\x00tR.",
		"c__builtin__\nobject\n)\x81.", "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.", "ccopy_reg\n_reconstructor\n(cm\nC\nc__builtin__\nobject\nNtRN}b.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		Unpickle(strings.NewReader(string(content)), 1<<20, nil)
	})
}

// No text makes the reader of JSON panic or hang.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a": {"b": NaN}, "c": [1, "N\"N"]}`, "[NaN, N]", `{"a"`, "{}{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		j := NewJSON(strings.NewReader(text))
		err := j.EachMember(func(string) error { return j.EachElement(func() error { var v any; return j.Decode(&v) }) })
		if err == nil {
			err = j.End()
		}
		if err == io.EOF || fmt.Sprint(err) == "" {
			t.Fatalf("error %q", err)
		}
	})
}
