package spacetest

import (
	"errors"
	"fmt"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/cr-lso/cr-lso/datasets"
)

func (k kit) naming() error {
	if k.space.Name() == "" {
		return errors.New("it is")
	}
	return nil
}

func (k kit) parsing() error {
	if a, err := k.space.Parse(""); err == nil {
		return fmt.Errorf("Parse of the empty string is %v, want an error", a)
	}
	named := make(map[string]datasets.Arch)
	return k.each(func(a datasets.Arch) error {
		name := a.String()
		if name == "" || strings.ContainsAny(name, "\r\n") {
			return fmt.Errorf("String returns %q, want one line", name)
		}
		if other, ok := named[name]; ok && other != a {
			return errors.New("another architecture prints the same")
		}
		named[name] = a
		b, err := k.space.Parse(name)
		switch {
		case err != nil:
			return err
		case b != a:
			return fmt.Errorf("it is read as %v, which is not == to it", b)
		}
		return nil
	})
}

func (k kit) validity() error {
	rng := newSource(2)
	return k.each(func(a datasets.Arch) error {
		if err := k.valid(a); err != nil {
			return err
		}
		mutant := k.space.Mutate(a, rng)
		if mutant == a {
			return errors.New("its mutant is the architecture itself")
		}
		return k.valid(mutant)
	})
}

func (k kit) canonical() error {
	return k.each(func(a datasets.Arch) error {
		c := k.space.Canonical(a)
		if again := k.space.Canonical(c); again != c {
			return fmt.Errorf("its canonical architecture %v has another one, %v", c, again)
		}
		return k.valid(c)
	})
}

// looked is how many neighbours of an architecture are looked at by themselves.
const looked = 6

func (k kit) neighbours() error {
	rng := newSource(10)
	return k.each(func(a datasets.Arch) error {
		neighbours := k.space.Neighbours(a)
		seen := make(map[datasets.Arch]bool)
		for _, n := range neighbours {
			switch {
			case n == a:
				return errors.New("it is its own neighbour")
			case seen[n]:
				return fmt.Errorf("the neighbour %v is there twice", n)
			}
			seen[n] = true
		}
		for _, i := range rng.Perm(len(neighbours))[:min(looked, len(neighbours))] {
			if err := k.valid(neighbours[i]); err != nil {
				return fmt.Errorf("neighbour: %w", err)
			}
		}
		return nil
	})
}

func (k kit) symmetry() error {
	rng := newSource(3)
	return k.each(func(a datasets.Arch) error {
		own, neighbours := k.space.Canonical(a), k.space.Neighbours(a)
		for _, i := range rng.Perm(len(neighbours))[:min(looked, len(neighbours))] {
			back := false
			for _, n := range k.space.Neighbours(neighbours[i]) {
				back = back || k.space.Canonical(n) == own
			}
			if !back {
				return fmt.Errorf("it has the neighbour %v, but is none of that one's", neighbours[i])
			}
		}
		return nil
	})
}

// Draws for the chi-squared test: so many architectures, so often each neighbour on average, and
// the probability below which an outcome counts as no chance.
const (
	mutated      = 3
	eachMutant   = 100
	maxMutants   = 50_000
	significance = 1e-6
)

func (k kit) uniform() error {
	rng := newSource(4)
	for n, a := range k.archs {
		count := make(map[datasets.Arch]float64)
		for _, neighbour := range k.space.Neighbours(a) {
			count[neighbour] = 0
		}
		draws := 1
		if n < mutated {
			draws = min(eachMutant*len(count), maxMutants)
		}
		if len(count) == 0 {
			return fmt.Errorf("%v: it has no neighbours", a)
		}
		for range draws {
			mutant := k.space.Mutate(a, rng)
			if _, ok := count[mutant]; !ok {
				return fmt.Errorf("%v: its mutant %v is not among its neighbours", a, mutant)
			}
			count[mutant]++
		}
		if draws == 1 || len(count) == 1 {
			continue
		}
		statistic, want := 0.0, float64(draws)/float64(len(count))
		for _, got := range count {
			statistic += (got - want) * (got - want) / want
		}
		freedom := float64(len(count) - 1)
		if p := (distuv.ChiSquared{K: freedom}).Survival(statistic); p < significance {
			return fmt.Errorf("%v: chi-squared of %d draws is %.0f, want about %.0f (p = %.1g)", a, draws, statistic, freedom, p)
		}
	}
	return nil
}

func (k kit) numbering() error {
	space, ok := k.space.(datasets.FiniteSpace)
	if !ok {
		return nil
	}
	n := space.Len()
	if n < 1 {
		return fmt.Errorf("Len is %d, want at least 1", n)
	}
	rng := newSource(5)
	for try := range samples {
		i := rng.IntN(n)
		if ends := []int{0, n - 1}; try < len(ends) {
			i = ends[try]
		}
		a := space.At(i)
		if c := space.Canonical(a); c != a {
			return fmt.Errorf("At(%d) = %v, whose canonical architecture is %v", i, a, c)
		}
		if got := space.Index(a); got != i {
			return fmt.Errorf("Index(At(%d)) = %d, for %v", i, got, a)
		}
	}
	for _, i := range []int{-1, n} {
		if !panics(func() { space.At(i) }) {
			return fmt.Errorf("At(%d) does not panic, with Len %d", i, n)
		}
	}
	return k.each(k.valid)
}

func panics(call func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	call()
	return
}

// foreigner is an architecture of no space.
type foreigner struct{}

func (foreigner) String() string { return "an architecture of another space" }

func (k kit) foreign() error {
	rng := newSource(6)
	for _, a := range []datasets.Arch{nil, foreigner{}} {
		calls := map[string]func(){
			"Mutate":     func() { k.space.Mutate(a, rng) },
			"Neighbours": func() { k.space.Neighbours(a) },
			"Canonical":  func() { k.space.Canonical(a) },
			"Encode":     func() { k.space.Encode(a) },
		}
		if finite, ok := k.space.(datasets.FiniteSpace); ok {
			calls["Index"] = func() { finite.Index(a) }
		}
		for method, call := range calls {
			if !panics(call) {
				return fmt.Errorf("%s(%v) does not", method, a)
			}
		}
	}
	return nil
}
