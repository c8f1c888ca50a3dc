package plots

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFrontByHand(t *testing.T) {
	m := Tradeoff{
		Cost:     []float64{3, 1, 2, 2, 4, 1, 3},
		Accuracy: []float64{92, 90, 91, 89, 92, 88, 92},
	}
	if got, want := m.front(), []int{1, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("front %v, want %v", got, want)
	}
}

// The front is what the definition says, checked pair by pair.
func TestFrontIsWhatNothingDominates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m Tradeoff
	for range 200 { // whole numbers, so that there are ties
		m.Cost = append(m.Cost, float64(r.IntN(20)))
		m.Accuracy = append(m.Accuracy, float64(r.IntN(20)))
	}
	front := m.front()
	for i := range m.Cost {
		dominated, inFront := false, false
		for j := range m.Cost {
			dominated = dominated || m.Cost[j] <= m.Cost[i] && m.Accuracy[j] >= m.Accuracy[i] &&
				(m.Cost[j] < m.Cost[i] || m.Accuracy[j] > m.Accuracy[i])
		}
		for _, j := range front {
			inFront = inFront || m.Cost[j] == m.Cost[i] && m.Accuracy[j] == m.Accuracy[i]
		}
		if dominated == inFront {
			t.Errorf("cost %g, accuracy %g: dominated %t, in the front %t", m.Cost[i], m.Accuracy[i], dominated, inFront)
		}
	}
}
