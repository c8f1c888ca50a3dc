package search

import (
	"errors"
	"fmt"

	"github.com/cr-lso/cr-lso/datasets"
)

// AskTell is a search whose loop is somebody else's: it says what to evaluate next, and is told
// what came out, in any order.
//
//	search, err := NewAskTell(oracle, searcher, 1)
//	trials, err := search.Ask(2)
//	...
//	err = search.Tell(trials[1], datasets.Measurement{Accuracy: 91.2})
//
// The oracle has the budget, the journal, and all that is known; its evaluator is not used, and may
// be nil. After a kill, a new AskTell on an oracle with the same journal goes on: what was asked
// for and not told is asked for again first.
//
// It must not be used from several goroutines.
type AskTell struct {
	oracle   *datasets.Oracle
	proposer Proposer
	seed     uint64
	again    []datasets.Arch // pending from before
}

// Trial is an architecture to evaluate.
type Trial struct {
	Number int // 1 for the first of the search
	Arch   datasets.Arch
}

// NewAskTell returns a search. It is an error if the searcher is no [Proposer]: then run its
// Search, with an evaluator.
func NewAskTell(oracle *datasets.Oracle, searcher Searcher, seed uint64) (*AskTell, error) {
	proposer, ok := searcher.(Proposer)
	if !ok {
		return nil, fmt.Errorf("ask and tell: %s cannot propose; run its Search with an evaluator", searcher.Kind())
	}
	return &AskTell{oracle, proposer, seed, oracle.Pending()}, nil
}

// Ask returns n trials, or as many as the budget has left; none at the end.
func (s *AskTell) Ask(n int) (trials []Trial, err error) {
	for len(trials) < n {
		a, err := s.next()
		if err != nil || a == nil {
			return trials, err
		}
		number := len(s.oracle.Log()) + len(s.oracle.Pending()) - len(s.again) + 1
		if err := s.oracle.Begin(a); err != nil {
			return trials, err
		}
		trials = append(trials, Trial{number, a})
	}
	return trials, nil
}

// next returns the architecture to ask for, nil if the budget is spent.
func (s *AskTell) next() (datasets.Arch, error) {
	if len(s.again) > 0 {
		a := s.again[0]
		s.again = s.again[1:]
		return a, nil
	}
	if s.oracle.Remaining() == 0 {
		return nil, nil
	}
	archs, err := proposeNext(s.oracle, s.proposer, s.seed)
	if err != nil {
		return nil, err
	}
	return archs[0], nil
}

// Attach makes a trial of an architecture of one's own, which counts like any other. Told at once,
// it is a result that was there before.
func (s *AskTell) Attach(a datasets.Arch) (Trial, error) {
	trial := Trial{len(s.oracle.Log()) + len(s.oracle.Pending()) + 1, a}
	return trial, s.oracle.Begin(a)
}

// Tell says what an evaluation has found. What is no accuracy is a failure.
func (s *AskTell) Tell(t Trial, m datasets.Measurement) error {
	_, err := s.oracle.Answer(t.Arch, m, nil)
	return err
}

// Fail says that an evaluation has failed, and why.
func (s *AskTell) Fail(t Trial, reason string) error {
	_, err := s.oracle.Answer(t.Arch, datasets.Measurement{}, errors.New(reason))
	return err
}
