package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLearningRate compares with torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0.1)
// from 0.9: its closed form at quarters of the half wave.
func TestLearningRate(t *testing.T) {
	config := Training{Epochs: 4, LearningRate: 0.9, MinLearningRate: 0.1}
	for epoch, want := range []float64{0.9, 0.5 + 0.4*math.Sqrt2/2, 0.5, 0.5 - 0.4*math.Sqrt2/2} {
		if got := config.rate(epoch); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: rate %g, want %g", epoch, got, want)
		}
	}
}

// TestSchedule checks that every epoch visits every example once.
func TestSchedule(t *testing.T) {
	config := Training{Epochs: 5, Batch: 4, LearningRate: 1}
	s := config.NewSchedule(rand.New(rand.NewPCG(1, 1)), 10, 2, 3, 20)
	if s.Steps != 9 || len(s.rates) != 20 || len(s.Indices) != 80 {
		t.Fatalf("%d steps, arrays for %d and %d", s.Steps, len(s.rates), len(s.Indices))
	}
	for epoch := range 3 {
		seen := make(map[int32]int)
		for i := epoch * 12; i < (epoch+1)*12; i++ {
			if s.Weights[i] == 1 {
				seen[s.Indices[i]]++
			}
		}
		if len(seen) != 10 {
			t.Errorf("epoch %d visits %d examples, want 10", epoch, len(seen))
		}
		if got, want := s.rates[epoch*3], float32(config.rate(2+epoch)); got != want {
			t.Errorf("epoch %d has rate %g, want %g", epoch, got, want)
		}
	}
	for i := 36; i < 80; i++ {
		if s.Weights[i] != 0 {
			t.Fatalf("weight %d beyond the last epoch is %g", i, s.Weights[i])
		}
	}
}
