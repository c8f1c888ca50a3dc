package cellnet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// sample returns what was once measured of the random cells of 09_your_own_problem, by their
// numbers: on the digits by Small, and on MNIST by Small with three epochs on First(2000, 1000),
// 200 cells each. The journals have seconds and dates.
func sample(t *testing.T, name string) map[int]float64 {
	t.Helper()
	evaluations, _, err := datasets.ReadJournal("testdata/samples/"+name+".jsonl", nasbench201.Space{})
	if err != nil {
		t.Fatal(err)
	}
	accuracies := map[int]float64{}
	for _, e := range evaluations {
		accuracies[nasbench201.Space{}.Index(e.Arch)] = e.Accuracy
	}
	return accuracies
}

// The pages' statements about how well small images stand in for CIFAR-10.
func TestSamplesAgainstCIFAR10(t *testing.T) {
	table, digits, mnist := testbed.Table(t), sample(t, "digits"), sample(t, "mnist")
	order := rand.New(rand.NewPCG(1, 1)).Perm(nasbench201.NumCells)[:200]
	var published, weights, ofDigits, ofMNIST []float64
	for _, i := range order {
		a := nasbench201.Space{}.At(i)
		record, err := table.Lookup(a)
		if err != nil {
			t.Fatal(err)
		}
		published, weights = append(published, record.Val), append(weights, float64(table.Cost(a).Parameters))
		ofDigits, ofMNIST = append(ofDigits, digits[i]), append(ofMNIST, mnist[i])
	}
	if len(digits) != 200 || len(mnist) != 200 {
		t.Errorf("%d cells on the digits and %d on MNIST, want 200", len(digits), len(mnist))
	}
	tau := func(x, y []float64) string {
		low, high := stats.KendallTauInterval(x, y, 0.95)
		return fmt.Sprintf("%d cells: %.2f (%.2f to %.2f)", len(x), stats.KendallTau(x, y), low, high)
	}
	for _, c := range [][2]string{
		{tau(ofDigits, published), "200 cells: 0.20 (0.10 to 0.30)"},
		{tau(weights, published), "200 cells: 0.58"},
		{tau(ofMNIST, published), "200 cells: 0.36 (0.29 to 0.44)"},
	} {
		if !strings.HasPrefix(c[0], c[1]) {
			t.Errorf("%s, the pages say %s", c[0], c[1])
		}
	}
}
