package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Name implements Space.
func (s *choiceSpace) Name() string { return s.name }

// Schema implements Space.
func (s *choiceSpace) Schema() Schema {
	schema := s.schema
	schema.Heads = slices.Clone(schema.Heads)
	return schema
}

// Canonical implements Space. Every architecture stands for itself.
func (s *choiceSpace) Canonical(a Arch) Arch { return s.mine(a) }

func (s *choiceSpace) mine(a Arch) Selection {
	selection := a.(Selection)
	if selection.space != s {
		panic(fmt.Sprintf("%v is of %s, not of %s", a, selection.space.name, s.name))
	}
	return selection
}

// exists says whether there is something to decide, by the options of the choices before.
func (s *choiceSpace) exists(i int, options []byte) bool {
	if s.choices[i].When == "" {
		return true
	}
	parent := options[s.index[s.choices[i].When]]
	return parent != absentOption && s.equals[i][parent]
}

// complete makes an architecture of options, of which pick says those that there are.
func (s *choiceSpace) complete(pick func(i int, options []byte) byte) Selection {
	options := make([]byte, len(s.choices))
	for i := range options {
		options[i] = absentOption
		if s.exists(i, options) {
			options[i] = pick(i, options)
		}
	}
	return Selection{s, string(options)}
}

// Sample implements Space. All architectures are alike.
func (s *choiceSpace) Sample(rng *rand.Rand) Arch {
	return s.complete(func(i int, _ []byte) byte {
		at := rng.Float64() * s.total(i)
		for option, ways := range s.ways[i] {
			if at -= ways; at < 0 {
				return byte(option)
			}
		}
		return byte(len(s.ways[i]) - 1)
	})
}

// Neighbours implements Space.
func (s *choiceSpace) Neighbours(a Arch) []Arch {
	selection := s.mine(a)
	var neighbours []Arch
	for i, c := range s.choices {
		now := int(selection.options[i])
		if now == absentOption {
			continue
		}
		for option := range c.Options {
			if option == now || c.Ordered && option != now-1 && option != now+1 {
				continue
			}
			neighbours = append(neighbours, s.changed(selection, i, byte(option))...)
		}
	}
	return neighbours
}

// changed returns the architectures that have another option of a choice, and any of what that
// brings into being.
func (s *choiceSpace) changed(from Selection, at int, option byte) []Arch {
	var all []Arch
	options := []byte(from.options)
	options[at] = option
	var decide func(i int)
	decide = func(i int) {
		if i == len(options) {
			all = append(all, Selection{s, string(options)})
			return
		}
		was := options[i]
		defer func() { options[i] = was }()
		switch {
		case i == at || was != absentOption && s.exists(i, options):
			decide(i + 1)
		case !s.exists(i, options):
			options[i] = absentOption
			decide(i + 1)
		default:
			for o := range s.choices[i].Options {
				options[i] = byte(o)
				decide(i + 1)
			}
		}
	}
	decide(0)
	return all
}

// Mutate implements Space. An architecture without neighbours is its own mutant.
func (s *choiceSpace) Mutate(a Arch, rng *rand.Rand) Arch {
	neighbours := s.Neighbours(a)
	if len(neighbours) == 0 {
		return a
	}
	return neighbours[rng.IntN(len(neighbours))]
}

// Encode implements Space.
func (s *choiceSpace) Encode(a Arch) Graph {
	selection := s.mine(a)
	g := Graph{Nodes: make([]int32, s.schema.Nodes), Edges: make([]int32, s.schema.Pairs()), Labels: make([]int32, len(s.choices))}
	for i := range s.choices {
		option := int(selection.options[i])
		if option == absentOption {
			g.Nodes[i], g.Labels[i] = int32(s.absent[i]), -1
		} else {
			g.Nodes[i], g.Labels[i] = int32(s.class[i]+option), int32(option)
		}
	}
	return g
}

// Decode implements Space.
func (s *choiceSpace) Decode(scores []float32) (Arch, error) {
	if want := s.schema.Outputs(); len(scores) != want {
		return nil, fmt.Errorf("%s: %d scores, want %d", s.name, len(scores), want)
	}
	at := make([]int, len(s.choices))
	for i := range s.choices[1:] {
		at[i+1] = at[i] + s.schema.Heads[i].Classes
	}
	return s.complete(func(i int, _ []byte) byte {
		best := 0
		for option, score := range scores[at[i]:][:len(s.choices[i].Options)] {
			if score > scores[at[i]+best] {
				best = option
			}
		}
		return byte(best)
	}), nil
}

// finiteChoices is a space of choices that is small enough to list. Architectures are numbered with
// the last choice the fastest.
type finiteChoices struct{ *choiceSpace }

// Len implements FiniteSpace.
func (s finiteChoices) Len() int { return int(s.size) }

// At implements FiniteSpace.
func (s finiteChoices) At(i int) Arch {
	if i < 0 || i >= s.Len() {
		panic(fmt.Sprintf("%s: no architecture %d", s.name, i))
	}
	options := []byte(strings.Repeat(string([]byte{absentOption}), len(s.choices)))
	s.decide(s.roots, i, options)
	return Selection{s.choiceSpace, string(options)}
}

// decide sets choices, and what depends on them, to the way of that number.
func (s finiteChoices) decide(choices []int, number int, options []byte) {
	for _, i := range slices.Backward(choices) {
		total := int(s.total(i))
		rest := number % total
		number /= total
		for option, ways := range s.ways[i] {
			if rest < int(ways) {
				options[i] = byte(option)
				s.decide(s.existing(i, option), rest, options)
				break
			}
			rest -= int(ways)
		}
	}
}

// existing are the choices that there are by the option of another one.
func (s finiteChoices) existing(i, option int) (choices []int) {
	for _, child := range s.depend[i] {
		if s.equals[child][option] {
			choices = append(choices, child)
		}
	}
	return choices
}

// Index implements FiniteSpace.
func (s finiteChoices) Index(a Arch) int { return s.number(s.roots, s.mine(a).options) }

// number is the inverse of decide.
func (s finiteChoices) number(choices []int, options string) (number int) {
	for _, i := range choices {
		option := int(options[i])
		rest := s.number(s.existing(i, option), options)
		for _, ways := range s.ways[i][:option] {
			rest += int(ways)
		}
		number = number*int(s.total(i)) + rest
	}
	return number
}
