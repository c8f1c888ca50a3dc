package nasbench101

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// trained is one record of the benchmark's file.
type trained struct {
	hash       string
	epochs     int
	matrix     string
	operations string
	val, test  []float64 // of each evaluation: before, half-way, at the end; as fractions
}

// of returns a record of a cell that was trained for 108 epochs.
func of(c Cell, val, test float64) trained {
	matrix, operations, _ := strings.Cut(c.String(), " ")
	return trained{c.Hash(), 108, matrix, operations, []float64{0.1, val / 2, val}, []float64{0.1, test / 2, test}}
}

// payload encodes a record as the benchmark's code does: nasbench/lib/model_metrics.proto in JSON.
func (r trained) payload() []byte {
	var metrics []byte
	double := func(message []byte, number protowire.Number, x float64) []byte {
		return protowire.AppendFixed64(protowire.AppendTag(message, number, protowire.Fixed64Type), math.Float64bits(x))
	}
	for i := range r.val {
		var evaluation []byte
		for number, x := range []float64{1: 54 * float64(i), 2: 1e3, 3: 1, 4: r.val[i], 5: r.test[i]} {
			if number > 0 {
				evaluation = double(evaluation, protowire.Number(number), x)
			}
		}
		evaluation = protowire.AppendString(protowire.AppendTag(evaluation, 6, protowire.BytesType), "")
		metrics = protowire.AppendBytes(protowire.AppendTag(metrics, 1, protowire.BytesType), evaluation)
	}
	metrics = protowire.AppendVarint(protowire.AppendTag(metrics, 2, protowire.VarintType), 8_555_530)
	metrics = double(metrics, 3, 2e3)
	payload, err := json.Marshal([]any{r.hash, r.epochs, r.matrix, r.operations, base64.StdEncoding.EncodeToString(metrics)})
	if err != nil {
		panic(err)
	}
	return payload
}

// framed returns the payloads as a TFRecord file.
func framed(payloads ...[]byte) []byte {
	var file []byte
	for _, p := range payloads {
		length := binary.LittleEndian.AppendUint64(nil, uint64(len(p)))
		file = append(file, length...)
		file = binary.LittleEndian.AppendUint32(file, maskedCRC(length))
		file = append(file, p...)
		file = binary.LittleEndian.AppendUint32(file, maskedCRC(p))
	}
	return file
}

func records(rs ...trained) []byte {
	var payloads [][]byte
	for _, r := range rs {
		payloads = append(payloads, r.payload())
	}
	return framed(payloads...)
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readRecords(t *testing.T, content []byte) (*accuracies, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nasbench.tfrecord")
	put(t, path, content)
	return TFRecord{}.read(t.Context(), path, io.Discard)
}

// The checksums of RFC 3720, appendix B.4, and of "123456789", masked as
// tensorflow/core/lib/hash/crc32c.h does.
func TestMaskedCRC(t *testing.T) {
	for data, want := range map[string]uint32{
		strings.Repeat("\x00", 32): 0x0fd7fffa, // of 0x8a9136aa
		"123456789":                0xc78ab0e5, // of 0xe3069283
	} {
		if got := maskedCRC([]byte(data)); got != want {
			t.Errorf("checksum of %q is %#x, want %#x", data, got, want)
		}
	}
}

// Runs come back run by run, in any order of cells, as what they were at the end of 108 epochs.
func TestTFRecord(t *testing.T) {
	a, b := mustParse(t, inceptionInFile), mustParse(t, "0100 input,output")
	short := of(a, 0.5, 0.4)
	short.epochs = 36
	got, err := readRecords(t, records(
		of(a, 0.9376001358032227, 0.9311898946762085), of(b, 0.8, 0.7), short,
		of(a, 0.94, 0.93), of(a, 0.95, 0.92), of(b, 0.1, 0), of(b, 1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range append(got.Val, got.Test...) {
		if !math.IsNaN(v) {
			n++
		}
	}
	if n != 12 {
		t.Errorf("%d values, want 12", n)
	}
	for _, want := range []struct {
		cell      Cell
		val, test [3]float64
	}{
		{a, [3]float64{93.76001358032227, 94, 95}, [3]float64{93.11898946762085, 93, 92}},
		{b, [3]float64{80, 10, 100}, [3]float64{70, 0, 100}},
	} {
		first := 3 * Space{}.Index(want.cell)
		for run := range 3 {
			val, test := got.Val[first+run], got.Test[first+run]
			if math.Abs(val-want.val[run]) > 1e-12 || math.Abs(test-want.test[run]) > 1e-12 {
				t.Errorf("run %d of %v is %v / %v, want %v / %v", run, want.cell, val, test, want.val[run], want.test[run])
			}
		}
	}
}

// A bit that was flipped, wherever it is, is found, and so is a file that ends early.
func TestTFRecordDamaged(t *testing.T) {
	c := mustParse(t, inceptionInFile)
	file := records(of(c, 0.9, 0.8), of(c, 0.91, 0.81))
	readAll := func(content []byte) error {
		reader := &recordReader{in: bufio.NewReader(bytes.NewReader(content))}
		for {
			if _, err := reader.next(); err != nil {
				return err
			}
		}
	}
	if err := readAll(file); err != io.EOF {
		t.Fatalf("the file itself: error %v", err)
	}
	second := len(file) / 2
	for at := second; at < len(file); at++ {
		damaged := bytes.Clone(file)
		damaged[at] ^= 1 << (at % 8)
		wantError(t, readAll(damaged), fmt.Sprintf("record 1 at byte %d", second), "checksum")
	}
	for cut := second + 1; cut < len(file); cut++ {
		err := readAll(file[:cut])
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at byte %d of %d: error %v", cut, len(file), err)
		}
		wantError(t, err, fmt.Sprintf("record 1 at byte %d", second))
	}
	_, err := readRecords(t, file[:len(file)-1])
	wantError(t, err, fmt.Sprintf("record 1 at byte %d", second), "unexpected EOF")
	huge := binary.LittleEndian.AppendUint64(nil, 1<<60)
	_, err = readRecords(t, binary.LittleEndian.AppendUint32(huge, maskedCRC(huge)))
	wantError(t, err, "record 0 at byte 0", "length is 1152921504606846976")
}

// What is framed well but wrong is refused with its reason.
func TestTFRecordRefused(t *testing.T) {
	c := mustParse(t, inceptionInFile)
	good := of(c, 0.9, 0.8)
	with := func(change func(r *trained)) []byte {
		r := of(c, 0.9, 0.8)
		change(&r)
		return r.payload()
	}
	for name, test := range map[string]struct {
		payload []byte
		want    []string
	}{
		"unknown hash":      {with(func(r *trained) { r.hash = strings.Repeat("0", 32) }), []string{strings.Repeat("0", 32), "no cell has it"}},
		"hash of another":   {with(func(r *trained) { r.hash = "02e5a0247bbdcf2860b7e96f74961594" }), []string{"02e5a024", "not of " + inceptionInFile}},
		"no hash":           {with(func(r *trained) { r.hash = "x" }), []string{`hash "x"`, "32 hexadecimal digits"}},
		"unknown operation": {with(func(r *trained) { r.operations = strings.Replace(r.operations, "conv1x1", "conv5x5", 1) }), []string{`"conv5x5-bn-relu"`}},
		"a cycle":           {with(func(r *trained) { r.matrix = r.matrix[:7] + "1" + r.matrix[8:] }), []string{"edge from 1 to 0"}},
		"short matrix":      {with(func(r *trained) { r.matrix = r.matrix[1:] }), []string{"48 digits, want 49"}},
		"one evaluation":    {with(func(r *trained) { r.val = r.val[:1] }), []string{"1 evaluations, want 3"}},
		"not a number":      {with(func(r *trained) { r.val[2] = math.NaN() }), []string{"NaN and 0.8, want 0 to 1"}},
		"percent":           {with(func(r *trained) { r.test[2] = 93 }), []string{"0.9 and 93, want 0 to 1"}},
		"a fourth run":      {good.payload(), []string{"more than 3 runs"}},
		"no JSON":           {[]byte("x"), []string{"invalid character"}},
		"another list":      {[]byte(`["x", 108]`), []string{"list of 2, want 5"}},
		"no message":        {[]byte(`["` + good.hash + `", 108, "` + good.matrix + `", "` + good.operations + `", "/w=="]`), []string{"no protocol buffer"}},
		"no base 64":        {[]byte(`["` + good.hash + `", 108, "` + good.matrix + `", "` + good.operations + `", "?"]`), []string{"base64"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := [][]byte{good.payload(), good.payload()}
			if name == "a fourth run" {
				before = append(before, good.payload())
			}
			_, err := readRecords(t, framed(append(before, test.payload)...))
			wantError(t, err, append(test.want, fmt.Sprintf("record %d:", len(before)))...)
		})
	}
}

// The error says which file it was, what to do, and leaves no table behind.
func TestOpenOfAnIncompleteTFRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Setenv("CRLSO_CACHE", t.TempDir())
	c := mustParse(t, inceptionInFile)
	from := TFRecord{Path: filepath.Join(t.TempDir(), "nasbench.tfrecord")}
	_, err := Open(t.Context(), "validation", from, nil)
	wantError(t, err, "no file", from.Path, only108.URL)

	put(t, from.Path, records(of(c, 0.9, 0.8)))
	_, err = Open(t.Context(), "validation", from, nil)
	wantError(t, err, from.Path, "test accuracy of 0 cells, want 423624", "first without is cell 0100 input,output, hash 043721b9c7fe8c5fad811d47d83132ec", only108.URL)
	if source.IsFile(convertedPath(from)) {
		t.Error("a table was made")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "validation", from, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// Without a file in the cache it is downloaded, and its checksum compared.
func TestTFRecordIsFetched(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Setenv("CRLSO_CACHE", t.TempDir())
	content := records(of(mustParse(t, inceptionInFile), 0.9, 0.8))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(content) }))
	t.Cleanup(server.Close)
	official := only108
	t.Cleanup(func() { only108 = official })
	only108.URL = server.URL

	_, err := Open(t.Context(), "validation", nil, nil)
	wantError(t, err, "SHA-256", official.SHA256, server.URL, TFRecord{}.Info().Path)
	if (TFRecord{}).Info().Present {
		t.Error("the wrong file stays")
	}

	only108.SHA256 = fmt.Sprintf("%x", sha256.Sum256(content))
	_, err = Open(t.Context(), "validation", nil, nil)
	wantError(t, err, TFRecord{}.Info().Path, "want 423624")
	if !(TFRecord{}).Info().Present {
		t.Error("the file was not kept")
	}
}

func BenchmarkTFRecord(b *testing.B) {
	cells := Enumerate()
	var file []byte
	for i := range 1000 {
		for range numRuns {
			file = append(file, records(of(cells[i*400], 0.9, 0.8))...)
		}
	}
	path := filepath.Join(b.TempDir(), "nasbench.tfrecord")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := (TFRecord{}).read(b.Context(), path, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
