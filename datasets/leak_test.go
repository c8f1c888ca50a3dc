package datasets_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// A search that tries to get at test accuracies does not compile: each attempt must fail in type
// checking, for the reason given, where an honest search passes.
func TestLeakingTheTestSetDoesNotCompile(t *testing.T) {
	check := typeChecker(t)
	const undefined = "undefined"
	for body, want := range map[string]string{
		`accuracy, _ := o.Query(a); _ = accuracy + o.Log()[0].Accuracy`: "",
		`_ = o.Space().Neighbours(a)[0].String()`:                       "",

		`_ = o.Test(a)`:                           undefined,
		`_ = o.Lookup(a)`:                         undefined,
		`_ = o.Benchmark()`:                       undefined,
		`_ = o.benchmark`:                         undefined,
		`_ = o.benchmark.Lookup`:                  undefined,
		`_ = o.seen`:                              undefined,
		`_ = o.evaluator`:                         undefined,
		`_ = o.details`:                           undefined,
		`_ = o.Evaluator()`:                       undefined,
		`q, _ := o.Wait(); _ = q.Others`:          undefined,
		`r, _ := o.Query(a); _ = r.Test`:          undefined,
		`_ = o.Log()[0].Test`:                     undefined,
		`_ = o.Log()[0].Record`:                   undefined,
		`_ = a.Test`:                              undefined,
		`_ = o.Space().Lookup(a)`:                 undefined,
		`_ = o.(datasets.Benchmark)`:              "not an interface",
		`var b datasets.Benchmark = o; _ = b`:     "does not implement",
		`_ = datasets.NewReport(o)`:               "not enough arguments",
		`_, _ = datasets.NewReport(o, o)`:         "does not implement",
		`_, _ = datasets.NewReport(o, o.Space())`: "does not implement",
		`o.Close(); _ = o.Report()`:               undefined,
	} {
		err := check(body)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v, want it to compile", body, err)
		case want != "" && err == nil:
			t.Errorf("%s compiles", body)
		case want != "" && !strings.Contains(err.Error(), want):
			t.Errorf("%s: %v, want an error with %q", body, err, want)
		}
	}
}

// typeChecker returns a function that type-checks a body of func(o *datasets.Oracle, a
// datasets.Arch) in another package.
func typeChecker(t *testing.T) func(body string) error {
	t.Helper()
	path := reflect.TypeFor[datasets.Oracle]().PkgPath()
	said, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]string{}
	for line := range strings.Lines(string(said)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		compiled[name] = file
	}
	files := token.NewFileSet()
	config := types.Config{Importer: importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(compiled[path])
	})}
	return func(body string) error {
		source := "package search\nimport \"" + path + "\"\nfunc search(o *datasets.Oracle, a datasets.Arch) {\n" + body + "\n}"
		file, err := parser.ParseFile(files, "search.go", source, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = config.Check("search", files, []*ast.File{file}, nil)
		return err
	}
}

// Nothing that an oracle or a space returns, directly or through other values, is a record, a
// benchmark or a report.
func TestNothingReachableFromAnOracleHoldsTestAccuracies(t *testing.T) {
	forbidden := []reflect.Type{
		reflect.TypeFor[datasets.Record](),
		reflect.TypeFor[datasets.Benchmark](),
		reflect.TypeFor[datasets.Report](),
		reflect.TypeFor[datasets.Step](),
	}
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumMethod() {
			method := typ.Method(i).Type
			for j := range method.NumOut() {
				visit(method.Out(j))
			}
		}
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
			visit(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if field := typ.Field(i); field.IsExported() {
					visit(field.Type)
				}
			}
		}
	}
	visit(reflect.TypeFor[*datasets.Oracle]())
	for _, typ := range forbidden {
		if seen[typ] {
			t.Errorf("an oracle leads to a %v", typ)
		}
	}
	if !seen[reflect.TypeFor[datasets.Query]()] || !seen[reflect.TypeFor[datasets.Graph]()] {
		t.Error("the walk did not even reach queries and graphs")
	}
}
