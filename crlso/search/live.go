package search

import (
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
)

// LiveOptions are the options of [Live].
type LiveOptions struct {
	Seed uint64 // of everything random
	// Together waits for all evaluations of a batch before it asks for the next one, so that the log
	// does not depend on which of them is the fastest, nor on how many run at once. Otherwise there is
	// a new proposal as soon as a worker is free.
	Together bool
	// Each is called with each answer as it enters the log, unless it is nil. It may read the oracle.
	Each func(datasets.Query)
}

// Live spends the budget of an oracle whose evaluations take long. It goes on from the log: what an
// interrupted search has left pending is evaluated first, and random numbers depend on the seed and
// on how many evaluations have begun, and on nothing that a process remembers. So whoever
// interrupts a search, in any way, comes to the same log by the same evaluations if they are
// Together, and otherwise pays for none twice.
//
// An error ends it when the evaluations that run are done and in the journal.
func Live(oracle *datasets.Oracle, p Proposer, o LiveOptions) error {
	l := live{oracle, p, o}
	if o.Together {
		return l.together()
	}
	return l.oneByOne()
}

type live struct {
	oracle   *datasets.Oracle
	proposer Proposer
	options  LiveOptions
}

// propose asks for the next architectures.
func (l live) propose() ([]datasets.Arch, error) {
	return proposeNext(l.oracle, l.proposer, l.options.Seed)
}

// proposeNext asks for the next architectures, with random numbers that depend on the seed and on
// how many evaluations have begun.
func proposeNext(oracle *datasets.Oracle, p Proposer, seed uint64) ([]datasets.Arch, error) {
	begun := len(oracle.Log()) + len(oracle.Pending())
	archs, err := p.Propose(oracle, 1, rand.New(rand.NewPCG(seed, uint64(begun))))
	if err == nil && len(archs) == 0 {
		err = fmt.Errorf("%s proposes nothing after %d of %d evaluations, without an error", p.Kind(), begun, oracle.Budget())
	}
	return archs, err
}

// tell calls Each with what has entered the log since.
func (l live) tell(since int) {
	if l.options.Each != nil {
		for _, q := range l.oracle.Log()[since:] {
			l.options.Each(q)
		}
	}
}

func (l live) together() error {
	var archs []datasets.Arch // first none: what is pending
	for {
		since := len(l.oracle.Log())
		_, err := l.oracle.QueryAll(archs...)
		l.tell(since)
		if err != nil || l.oracle.Remaining() == 0 {
			return err
		}
		if archs, err = l.propose(); err != nil {
			return err
		}
	}
}

func (l live) oneByOne() error {
	left := l.oracle.Pending()
	for {
		var failed error
		for failed == nil && l.oracle.Running() < l.oracle.Parallel() && len(left)+l.oracle.Remaining() > 0 {
			if len(left) == 0 {
				if left, failed = l.propose(); failed != nil {
					break
				}
				left = left[:1] // the next worker gets a proposal of its own, which knows of this one
			}
			failed = l.oracle.Start(left[0])
			left = left[1:]
		}
		for l.oracle.Running() > 0 {
			since := len(l.oracle.Log())
			_, err := l.oracle.Wait()
			l.tell(since)
			if failed == nil {
				failed = err
			}
			if failed == nil {
				break
			}
		}
		if failed != nil || l.oracle.Running() == 0 && len(left)+l.oracle.Remaining() == 0 {
			return failed
		}
	}
}
