package explorer

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// A page knows the accuracies of all architectures of a benchmark that it does not show.
func TestMeasured(t *testing.T) {
	benchmark, err := nasbenchgraph.Open("cora")
	if err != nil {
		t.Fatal(err)
	}
	all := datasets.All(benchmark.Space().(datasets.FiniteSpace))
	shown := map[string]int{all[0].String(): 0}
	known := map[uint32]float64{}
	table := newMeasured(benchmark, shown).Table
	for ; len(table) > 0; table = table[6:] {
		known[binary.LittleEndian.Uint32(table)] = float64(binary.LittleEndian.Uint16(table[4:])) / 100
	}
	if _, ok := known[hashOf(all[0].String())]; ok {
		t.Error("what is shown is held twice")
	}
	missing := 0
	for _, arch := range all[1:] {
		record, err := benchmark.Lookup(arch)
		if err != nil {
			t.Fatal(err)
		}
		accuracy, ok := known[hashOf(arch.String())]
		if !ok {
			missing++
		} else if math.Abs(accuracy-record.Val) > 0.00501 {
			t.Errorf("%v has %v %%, the page says %v %%", arch, record.Val, accuracy)
		}
	}
	if missing > 4 {
		t.Errorf("%d of %d accuracies are not held", missing, len(all))
	}
	if hash := hashOf("a"); hash != 0xe40c292c { // by the authors of FNV
		t.Errorf("the hash of a is %x", hash)
	}

	standIn, err := nasbench301.OpenStandIn()
	if err != nil {
		t.Fatal(err)
	}
	if m := newMeasured(standIn, nil); !m.StandIn || m.Table != nil {
		t.Errorf("of the stand-in for NAS-Bench-301 a page holds %+v", m)
	}
}
