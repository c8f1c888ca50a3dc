package ensemble

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// For is Ensemble201 where that was chosen, and leaves something to learn by of any budget.
func TestFor(t *testing.T) {
	if got := For(nasbench201.Space{}, 192); got != Ensemble201() {
		t.Errorf("on NAS-Bench-201 it is %+v", got)
	}
	for budget, initial := range map[int]int{1: 1, 2: 1, 6: 2, 20: 6, 30: 10, 1000: 10} {
		c := For(nasbench301.Space{}, budget)
		if err := c.validate(); err != nil || c.Initial != initial || c.Members != 3 {
			t.Errorf("budget %d: %+v, %v, want %d random queries", budget, c, err, initial)
		}
	}
}
