// Package spacetest checks that a [datasets.Space] keeps to its contract, as testing/fstest does
// for file systems:
//
//	func TestSpace(t *testing.T) { spacetest.Run(t, Space{}) }
//
// It finds what a few hundred architectures show. Whether the architectures are the right ones, and
// whether the networks that they describe are, only a test of the space's own can tell.
package spacetest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// Rule names a part of the contract of datasets.Space and datasets.FiniteSpace.
type Rule string

// The rules, in the order in which they are checked.
const (
	Comparable Rule = "architectures and spaces are comparable"
	Naming     Rule = "Name is not empty"
	Parsing    Rule = "Parse reads what String prints"
	Validity   Rule = "Sample and Mutate return architectures of the space"
	Canonical  Rule = "Canonical stands for all that count as the same"
	Neighbours Rule = "Neighbours are other architectures of the space, each once"
	Symmetry   Rule = "being neighbours is mutual"
	Uniform    Rule = "Mutate draws one of the neighbours, all alike"
	Numbering  Rule = "At and Index are each other's inverse"
	Shape      Rule = "Schema is the shape of Encode"
	Decoding   Rule = "Decode is the inverse of Encode"
	Foreign    Rule = "architectures of another space make methods panic"
	Repeating  Rule = "answers depend on nothing but the arguments"
	Concurrent Rule = "methods may be called from several goroutines"
)

var checks = []struct {
	rule  Rule
	check func(kit) error
}{
	{Naming, kit.naming},
	{Parsing, kit.parsing},
	{Validity, kit.validity},
	{Canonical, kit.canonical},
	{Neighbours, kit.neighbours},
	{Symmetry, kit.symmetry},
	{Uniform, kit.uniform},
	{Numbering, kit.numbering},
	{Shape, kit.shape},
	{Decoding, kit.decoding},
	{Foreign, kit.foreign},
	{Repeating, kit.repeating},
	{Concurrent, kit.concurrent},
}

// Run reports each rule that the space breaks, with an architecture that shows it. A rule that the
// space departs from, and says so in its own comment, can be left out. Where Uniform is, there may
// be architectures without neighbours.
func Run(t *testing.T, space datasets.Space, except ...Rule) {
	t.Helper()
	for _, err := range broken(space, except...) {
		t.Error(err)
	}
}

// broken returns an error for each rule that the space breaks. Nothing is compared before it is
// known that it can be.
func broken(space datasets.Space, except ...Rule) []error {
	k := kit{space: space}
	if err := keeps(Validity, func() error { k.archs = draw(space); return nil }); err != nil {
		return []error{err}
	}
	if err := keeps(Comparable, k.comparable); err != nil {
		return []error{err}
	}
	var errs []error
	for _, c := range checks {
		if slices.Contains(except, c.rule) {
			continue
		}
		if err := keeps(c.rule, func() error { return c.check(k) }); err != nil {
			errs = append(errs, err)
			if c.rule == Repeating {
				break // other answers among several goroutines would then say nothing
			}
		}
	}
	return errs
}

// keeps returns what a check says, under the name of its rule.
func keeps(rule Rule, check func() error) error {
	if err := withoutPanic(check); err != nil {
		return fmt.Errorf("%s: %w", rule, err)
	}
	return nil
}

// withoutPanic returns what a check says, or that it panics.
func withoutPanic(check func() error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("a method panics: %v", reason)
		}
	}()
	return check()
}

// kit is a space with some of its architectures.
type kit struct {
	space datasets.Space
	archs []datasets.Arch
}

// samples is how many architectures are sampled. To each come its canonical one and a neighbour.
const samples = 40

func draw(space datasets.Space) []datasets.Arch {
	var archs []datasets.Arch
	rng := newSource(1)
	finite, isFinite := space.(datasets.FiniteSpace)
	for range samples {
		a := space.Sample(rng)
		archs = append(archs, a, space.Canonical(a))
		if neighbours := space.Neighbours(a); len(neighbours) > 0 {
			archs = append(archs, neighbours[rng.IntN(len(neighbours))])
		}
		if isFinite && finite.Len() > 0 {
			archs = append(archs, finite.At(rng.IntN(finite.Len())))
		}
	}
	return archs
}

func newSource(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// each returns the first error of a check on the architectures, with the architecture's name.
func (k kit) each(check func(a datasets.Arch) error) error {
	for _, a := range k.archs {
		if err := check(a); err != nil {
			return fmt.Errorf("%v: %w", a, err)
		}
	}
	return nil
}

func (k kit) comparable() error {
	if !reflect.ValueOf(k.space).Comparable() {
		return fmt.Errorf("the space, a %T, is not", k.space)
	}
	return k.each(func(a datasets.Arch) error {
		switch {
		case !reflect.ValueOf(a).Comparable():
			return fmt.Errorf("its type %T is not", a)
		case a != a: // NaN
			return fmt.Errorf("it differs from itself")
		}
		return nil
	})
}

// valid returns an error unless an architecture that the space has returned is one of its own.
func (k kit) valid(a datasets.Arch) error {
	if b, err := k.space.Parse(a.String()); err != nil {
		return fmt.Errorf("%v is not of the space: %w", a, err)
	} else if a != b {
		return fmt.Errorf("Parse(%q) = %v, another architecture", a, b)
	}
	finite, ok := k.space.(datasets.FiniteSpace)
	if !ok {
		return nil
	}
	i, c := finite.Index(a), k.space.Canonical(a)
	if i < 0 || i >= finite.Len() {
		return fmt.Errorf("Index(%v) = %d, want 0 to %d", a, i, finite.Len()-1)
	}
	if b := finite.At(i); b != c {
		return fmt.Errorf("At(Index(%v)) = %v, want its canonical architecture %v", a, b, c)
	}
	return nil
}
