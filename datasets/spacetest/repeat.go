package spacetest

import (
	"cmp"
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
)

// answer is what a method returned, as text.
type answer struct{ method, text string }

// ask calls all methods with an architecture, and overwrites the slices that they return.
func (k kit) ask(a datasets.Arch, seed uint64) []answer {
	rng := newSource(seed)
	schema, neighbours, graph := k.space.Schema(), k.space.Neighbours(a), k.space.Encode(a)
	decoded, err := k.space.Decode(agreeing(schema, graph.Labels, rng))
	answers := []answer{
		{"Name", k.space.Name()},
		{"Schema", fmt.Sprint(schema)},
		{"Neighbours", fmt.Sprint(neighbours)},
		{"Encode", fmt.Sprint(graph)},
		{"Decode", fmt.Sprint(decoded, err)},
		{"Canonical", k.space.Canonical(a).String()},
		{"Sample", k.space.Sample(rng).String()},
		{"Mutate", k.space.Mutate(a, rng).String()},
	}
	if finite, ok := k.space.(datasets.FiniteSpace); ok {
		i := finite.Index(a)
		answers = append(answers, answer{"Index", fmt.Sprint(i)}, answer{"At", finite.At(i).String()})
	}
	for _, numbers := range [][]int32{graph.Nodes, graph.Edges, graph.Labels} {
		for i := range numbers {
			numbers[i] = -2
		}
	}
	clear(neighbours)
	clear(schema.Heads)
	return answers
}

// difference returns an error that names the first method with another answer.
func difference(before, now []answer) error {
	for i := range before {
		if now[i] != before[i] {
			return fmt.Errorf("%s returned %q, and then %q", now[i].method, before[i].text, now[i].text)
		}
	}
	return nil
}

func (k kit) repeating() error {
	return k.each(func(a datasets.Arch) error { return difference(k.ask(a, 8), k.ask(a, 8)) })
}

// goroutines is how many ask at once.
const goroutines = 4

func (k kit) concurrent() error {
	archs := k.archs[:min(len(k.archs), samples)]
	alone := make([][]answer, len(archs))
	for i, a := range archs {
		alone[i] = k.ask(a, 9)
	}
	found := make(chan error, goroutines)
	for range goroutines {
		go func() {
			found <- withoutPanic(func() error {
				for i, a := range archs {
					if err := difference(alone[i], k.ask(a, 9)); err != nil {
						return fmt.Errorf("%v: %w", a, err)
					}
				}
				return nil
			})
		}()
	}
	var err error
	for range goroutines {
		err = cmp.Or(err, <-found)
	}
	return err
}
