//go:build long

package cellnet

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Training learns: convolutions read digits, a cell without an operation knows nothing but what the
// residual blocks see; and the same seed gives the same.
func TestTraining(t *testing.T) {
	e := &Evaluator{Backend: testbed.Fastest(t), Images: digits(t), Config: Small()}
	evaluate := func(text string) datasets.Measurement {
		t.Helper()
		m, err := e.Evaluate(t.Context(), must(nasbench201.ParseCell(text)))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const good = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
	best, again := evaluate(good), evaluate(good)
	if best.Accuracy != again.Accuracy {
		t.Errorf("%v %% and %v %% from the same seed", best.Accuracy, again.Accuracy)
	}
	none := evaluate("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
	t.Logf("convolutions %.1f %%, nothing %.1f %%", best.Accuracy, none.Accuracy)
	if best.Accuracy < 85 || none.Accuracy > 20 {
		t.Errorf("convolutions have %v %%, nothing %v %%", best.Accuracy, none.Accuracy)
	}
}
