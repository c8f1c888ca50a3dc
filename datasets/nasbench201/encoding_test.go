package nasbench201

import "testing"

// The ones stand exactly where one of the four paths has the sequence of operations, in the order
// of all sequences of one, two and three operations.
func TestPathEncoding(t *testing.T) {
	var sequences []string
	last := []string{""}
	for range 3 {
		var longer []string
		for _, s := range last {
			for op := range Op(NumOps) {
				longer = append(longer, s+string(rune('0'+op)))
			}
		}
		sequences, last = append(sequences, longer...), longer
	}
	if len(sequences) != NumPaths {
		t.Fatalf("%d sequences, want %d", len(sequences), NumPaths)
	}
	space := Space{}
	for i := range NumCells {
		cell := space.At(i).(Cell)
		d := cell.Digits() // edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3
		along := map[string]bool{d[3:4]: true, d[0:1] + d[4:5]: true, d[1:2] + d[5:6]: true, d[0:1] + d[2:3] + d[5:6]: true}
		encoding := PathEncoding(cell)
		if len(encoding) != NumPaths {
			t.Fatalf("%d numbers, want %d", len(encoding), NumPaths)
		}
		for j, got := range encoding {
			if want := along[sequences[j]]; (got == 1) != want || got != 0 && got != 1 {
				t.Fatalf("%v: sequence %s is %v, want it to be there: %v", cell, sequences[j], got, want)
			}
		}
	}
}

func TestPathEncodingOfAForeignArchitecture(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	PathEncoding(foreign("x"))
}
