package explorer

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"slices"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// measured is what a page knows of the accuracies of architectures that it does not show. Of a
// finite space it holds them all, two numbers in turn, little-endian: the hash of an architecture,
// of four bytes, and its accuracy in hundredths of a percent, of two.
type measured struct {
	Table   []byte
	StandIn bool // the page computes what the stand-in for NAS-Bench-301 says
}

// newMeasured looks up what is not shown. Architectures with the same hash are left out: of 423,624
// there are some forty.
func newMeasured(b datasets.Benchmark, shown map[string]int) (out measured) {
	space, ok := b.Space().(datasets.FiniteSpace)
	if !ok {
		_, out.StandIn = b.(*nasbench301.StandIn)
		return out
	}
	accuracies, times := map[uint32]float64{}, map[uint32]int{}
	for i := range space.Len() {
		arch := space.At(i)
		text := arch.String()
		if _, ok := shown[text]; ok {
			continue
		}
		if record, err := b.Lookup(arch); err == nil {
			hash := hashOf(text)
			accuracies[hash] = record.Val
			times[hash]++
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(accuracies)) {
		if times[hash] == 1 {
			out.Table = binary.LittleEndian.AppendUint32(out.Table, hash)
			out.Table = binary.LittleEndian.AppendUint16(out.Table, uint16(math.Round(100*accuracies[hash])))
		}
	}
	return out
}

func hashOf(text string) uint32 {
	hash := fnv.New32a()
	hash.Write([]byte(text)) // never fails
	return hash.Sum32()
}
