// Package experiment compares searches: it runs each method on each data set from many seeds, and
// says what the results are worth statistically.
//
// An experiment is a [Plan], and lives in a folder that holds
//
//	plan.json       methods with their settings, data sets, seeds, budget, label; when, where, on
//	                which backend and with which versions it ran
//	results.csv     one row for each query of each search: method, data_set, seed, query, then val, test
//	                and regret of the best architecture so far, and seconds since the search began; where
//	                a data set has costs, then accuracy and cost of the query
//	unfinished.csv  the same rows in the order in which searches end, until all have
//	unfinished      the same rows in a file for each search, until all have ended, where [RunOn] left them to
//	                an engine; or the cause why a search failed
//	journals        of each search on a data set that is [Live], all its evaluations
//
// Accuracies and regrets are those of [datasets.Report], rounded to six decimals; test is empty
// where the source has no test accuracies, regret where nobody knows the best architecture.
package experiment

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
)

// Method is a search under the name that it has in results. A plan knows a method by its name, its
// Kind and its exported settings, and not by its code: after a change of the code, take another
// name or another folder.
type Method struct {
	Name     string
	Searcher search.Searcher // used by several goroutines at once
	Seeds    int             // how many of the plan's seeds a dear method gets; 0 is all
	Budget   int             // how many of the plan's queries a dear method gets; 0 is all
}

// Plan says which searches to run: each method on each benchmark from each seed, First up to First
// + Seeds - 1. Machines that share the work of an experiment take different seeds, each in a folder
// of its own, and [Merge] joins these.
type Plan struct {
	Methods    []Method
	Benchmarks []datasets.Benchmark // used by several goroutines at once
	First      int                  // seed
	Seeds      int
	Budget     int            // distinct queries of a search
	Label      datasets.Label // what searches are shown; results are always by the mean
}

// seeds is how many seeds a method gets, and budget how many queries.
func (p Plan) seeds(m Method) int  { return cmp.Or(m.Seeds, p.Seeds) }
func (p Plan) budget(m Method) int { return cmp.Or(m.Budget, p.Budget) }

// NewRand returns the source of randomness of the searches of one seed on the benchmark of one
// name: a PCG seeded with the seed and the 64-bit FNV-1a hash of the name. All methods get the
// same, as common random numbers, so those that begin by sampling the space begin with the same
// architectures, and their results can be compared seed by seed.
func NewRand(seed int, benchmark string) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(benchmark))
	return rand.New(rand.NewPCG(uint64(seed), hash.Sum64()))
}

func (p Plan) check() error {
	if len(p.Methods) == 0 || len(p.Benchmarks) == 0 || p.Seeds < 1 {
		return fmt.Errorf("experiment: there are %d methods, %d benchmarks and %d seeds; want at least one of each",
			len(p.Methods), len(p.Benchmarks), p.Seeds)
	}
	if p.First < 0 {
		return fmt.Errorf("experiment: the first seed is %d; want 0 or more", p.First)
	}
	names := map[string]bool{}
	for i, method := range p.Methods {
		switch {
		case method.Name == "" || method.Searcher == nil:
			return fmt.Errorf("experiment: method %d, %q, lacks a name or a searcher", i, method.Name)
		case method.Seeds < 0 || method.Seeds > p.Seeds:
			return fmt.Errorf("experiment: %q gets %d of %d seeds; want so many or fewer, or 0 for all", method.Name, method.Seeds, p.Seeds)
		case method.Budget < 0 || method.Budget > p.Budget:
			return fmt.Errorf("experiment: %q gets %d of %d queries; want so many or fewer, or 0 for all", method.Name, method.Budget, p.Budget)
		case names[method.Name]:
			return fmt.Errorf("experiment: two methods are called %q; give each a name of its own", method.Name)
		}
		names[method.Name] = true
	}
	names = map[string]bool{}
	for _, benchmark := range p.Benchmarks {
		if names[benchmark.Name()] {
			return fmt.Errorf("experiment: two benchmarks are called %q; name each once", benchmark.Name())
		}
		names[benchmark.Name()] = true
		if _, err := datasets.NewOracle(benchmark, p.Budget, p.Label); err != nil {
			return fmt.Errorf("experiment: %w", err)
		}
	}
	return nil
}

// description is a plan in plan.json.
type description struct {
	Methods  []methodDescription  `json:"methods"`
	DataSets []dataSetDescription `json:"data_sets"`
	First    int                  `json:"first_seed,omitzero"`
	Seeds    int                  `json:"seeds"`
	Budget   int                  `json:"budget"`
	Label    string               `json:"label"`
	Sessions []session            `json:"sessions"`
}

type methodDescription struct {
	Name     string `json:"name"`
	Searcher string `json:"searcher"` // its Kind
	Settings any    `json:"settings"`
	Seeds    int    `json:"seeds,omitzero"`  // 0 is all
	Budget   int    `json:"budget,omitzero"` // 0 is all
}

// method returns the description of a method, the zero value if there is none of that name.
func (d description) method(name string) methodDescription {
	if i := slices.IndexFunc(d.Methods, func(m methodDescription) bool { return m.Name == name }); i >= 0 {
		return d.Methods[i]
	}
	return methodDescription{}
}

// budget is how many queries each search of a method has.
func (d description) budget(method string) int { return cmp.Or(d.method(method).Budget, d.Budget) }

// end is the seed after a method's last.
func (d description) end(method string) int {
	return d.First + cmp.Or(d.method(method).Seeds, d.Seeds)
}

// formerKinds are the Kinds of the searchers that older plans name by their Go types.
var formerKinds = map[string]string{
	"search.Random":               "random search",
	"search.RegularizedEvolution": "regularized evolution",
	"search.LocalSearch":          "local search",
	"search.GaussianProcess":      "Gaussian process",
	"search.LatentGP":             "latent Gaussian process",
	"search.BANANAS":              "BANANAS",
	"search.Assessor":             "semi-supervised assessor",
	"*crlso.Searcher":             "CR-LSO",
	"*crlso.Ensemble":             "concave ensemble",
}

type dataSetDescription struct {
	Name    string  `json:"name"`
	Source  string  `json:"source"`
	HasTest bool    `json:"has_test"`
	Best    float64 `json:"best,omitzero"` // mean validation accuracy; 0 if nobody knows it
	Cost    string  `json:"cost,omitzero"` // name of the cost; empty if there is none

	Hypervolume hypervolume `json:"hypervolume,omitzero"`
}

// dataSet returns the description of a data set, the zero value if there is none of that name.
func (d description) dataSet(name string) dataSetDescription {
	if i := slices.IndexFunc(d.DataSets, func(s dataSetDescription) bool { return s.Name == name }); i >= 0 {
		return d.DataSets[i]
	}
	return dataSetDescription{}
}

// describe returns the description of a plan as it is read back from plan.json.
func (p Plan) describe() (description, error) {
	d := description{First: p.First, Seeds: p.Seeds, Budget: p.Budget, Label: p.Label.String()}
	for _, method := range p.Methods {
		value := reflect.ValueOf(method.Searcher)
		d.Methods = append(d.Methods, methodDescription{
			method.Name, method.Searcher.Kind(), settings(reflect.Indirect(value)), method.Seeds, method.Budget})
	}
	for _, b := range p.Benchmarks {
		dataSet := dataSetDescription{Name: b.Name(), Source: b.Source(), HasTest: b.HasTest()}
		if best := b.Best(); !math.IsNaN(best) {
			dataSet.Best = best
		}
		if costs, ok := b.(datasets.CostBenchmark); ok {
			dataSet.Cost = costs.CostName()
			var err error
			if dataSet.Hypervolume, err = newHypervolume(costs); err != nil {
				return d, fmt.Errorf("experiment: %w", err)
			}
		}
		d.DataSets = append(d.DataSets, dataSet)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return d, fmt.Errorf("experiment: describe the plan: %w", err)
	}
	d = description{}
	return d, json.Unmarshal(text, &d)
}

// settings returns a value that JSON can hold: exported fields of structs, those of embedded ones
// as if they were their own, functions by name, numbers and strings as they are; what has a String
// method by that; long slices by a hash; pointers and all else by type.
func settings(v reflect.Value) any {
	if !v.IsValid() || (v.Kind() == reflect.Func || v.Kind() == reflect.Pointer) && v.IsNil() {
		return nil
	}
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	switch v.Kind() {
	case reflect.Interface:
		return settings(v.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		for field, value := range v.Fields() {
			if !field.IsExported() {
				continue
			}
			setting := settings(value)
			if embedded, ok := setting.(map[string]any); ok && field.Anonymous {
				maps.Copy(fields, embedded)
			} else {
				fields[field.Name] = setting
			}
		}
		return fields
	case reflect.Slice, reflect.Array:
		if v.Len() > longSlice {
			hash := fnv.New64a()
			fmt.Fprint(hash, v.Interface())
			return fmt.Sprintf("%d elements, FNV-1a %016x", v.Len(), hash.Sum64())
		}
		elements := []any{}
		for i := range v.Len() {
			elements = append(elements, settings(v.Index(i)))
		}
		return elements
	case reflect.Func:
		return runtime.FuncForPC(v.Pointer()).Name()
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return v.Type().String()
	}
	if v.CanFloat() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
		return fmt.Sprint(v.Float())
	}
	return v.Interface()
}

// longSlice is the length from which on a plan does not list the elements of a slice, such as the
// latents of a space.
const longSlice = 100
