package nasbench101

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strconv"
)

// Hash returns the benchmark's name of the cell, the same for cells with the same network and no
// others: 32 hexadecimal digits.
//
// It starts with the MD5 sums of (out-degree, in-degree, label) of each vertex, replaces each as
// often as there are vertices by the sum of the sorted ones of its sources, those of its targets
// and its own, and ends with the sum of all, sorted. Source: graph_util.hash_module of the
// benchmark's code.
func (c Cell) Hash() string {
	sum := c.Canonical().hash()
	return hex.EncodeToString(sum[:])
}

// hexSum is an MD5 sum in hexadecimal digits.
type hexSum [2 * md5.Size]byte

func sumOf(text []byte) (sum hexSum) {
	binary := md5.Sum(text)
	hex.Encode(sum[:], binary[:])
	return sum
}

// hash is Hash of a canonical cell, as bytes.
func (c Cell) hash() [md5.Size]byte {
	var (
		g       = c.graph()
		buffer  [512]byte
		sums    [MaxVertices]hexSum
		updated [MaxVertices]hexSum
	)
	for v := range g.n {
		label := int64(g.ops[v]) - int64(Conv3x3)
		switch g.ops[v] {
		case Input:
			label = -1
		case Output:
			label = -2
		}
		text := append(buffer[:0], '(')
		text = strconv.AppendInt(text, int64(g.out[v].len()), 10)
		text = append(text, ", "...)
		text = strconv.AppendInt(text, int64(g.in[v].len()), 10)
		text = append(text, ", "...)
		text = strconv.AppendInt(text, label, 10)
		sums[v] = sumOf(append(text, ')'))
	}
	for range g.n {
		for v := range g.n {
			text := append(appendSorted(buffer[:0], &sums, g.in[v]), '|')
			text = append(appendSorted(text, &sums, g.out[v]), '|')
			updated[v] = sumOf(append(text, sums[v][:]...))
		}
		sums = updated
	}
	slices.SortFunc(sums[:g.n], func(a, b hexSum) int { return slices.Compare(a[:], b[:]) })
	text := append(buffer[:0], '[')
	for v, sum := range sums[:g.n] {
		if v > 0 {
			text = append(text, ", "...)
		}
		text = append(text, '\'')
		text = append(text, sum[:]...)
		text = append(text, '\'')
	}
	return md5.Sum(append(text, ']'))
}

// appendSorted appends the sums of some vertices, smallest first.
func appendSorted(text []byte, sums *[MaxVertices]hexSum, vertices set) []byte {
	var chosen [MaxVertices]*hexSum
	n := 0
	for v := range sums {
		if !vertices.has(v) {
			continue
		}
		i := n
		for ; i > 0 && slices.Compare(sums[v][:], chosen[i-1][:]) < 0; i-- {
			chosen[i] = chosen[i-1]
		}
		chosen[i] = &sums[v]
		n++
	}
	for _, sum := range chosen[:n] {
		text = append(text, sum[:]...)
	}
	return text
}
