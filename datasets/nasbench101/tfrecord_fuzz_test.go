package nasbench101

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
)

// No file makes the reader of TFRecord files panic, hang or use much memory: neither with any
// bytes, nor with any content of a record whose checksums are right.
func FuzzTFRecord(f *testing.F) {
	allEntries() // which an input would have to wait for, longer than the engine lets it
	c, err := ParseCell(inceptionInFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(records(of(c, 0.9, 0.8), of(c, 0.91, 0.81)), false)
	f.Add(of(c, 0.9, 0.8).payload(), true)
	f.Add([]byte(`["00005c142e6f48ac74fdcf73e3439874", 108, "0100", "input,output", "CgA="]`), true)
	a, runs := newAccuracies(numRuns, numRuns), make([]uint8, NumCells)
	f.Fuzz(func(t *testing.T, content []byte, isPayload bool) {
		if isPayload {
			content = framed(content)
		}
		clear(runs)
		reader := &recordReader{in: bufio.NewReader(bytes.NewReader(content))}
		for {
			record, err := reader.next()
			if err == nil {
				err = a.addRecord(record, runs)
			}
			if err != nil {
				if isPayload && reader.count == 0 && len(content) < maxRecord && !errors.Is(err, io.EOF) {
					t.Fatalf("the frame is not read: %v", err)
				}
				break
			}
		}
		for i, n := range runs {
			for run := range n {
				if v := a.Val[i*numRuns+int(run)]; math.IsNaN(v) || v < 0 || v > 100 {
					t.Fatalf("accuracy %v", v)
				}
			}
		}
	})
}
