package nasbench101

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// TFRecord is the benchmark's own file: validation and test accuracy of each of three training
// runs. Both of its editions will do, nasbench_only108.tfrecord and nasbench_full.tfrecord, which
// has shorter trainings as well.
type TFRecord struct {
	Path string // of the file; empty for nasbench_only108.tfrecord in the cache
	asIs bool   // in the cache it is taken or refused, but never fetched
}

var only108 = source.File{
	Name:   "nasbench_only108.tfrecord",
	URL:    "https://storage.googleapis.com/nasbench/nasbench_only108.tfrecord",
	SHA256: "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
}

// numRuns is how often each cell was trained, and numEpochs for how long.
const (
	numRuns   = 3
	numEpochs = 108
)

// Info implements Source.
func (s TFRecord) Info() Info {
	place := s.path()
	if s.Path != "" {
		place = "a new file, and name that" // never onto one of the user's
	}
	return Info{
		Name:    "official " + only108.Name,
		Holds:   "validation and test accuracy of each of three training runs",
		Path:    s.path(),
		Present: source.IsFile(s.path()),
		Get:     fmt.Sprintf("fetched when the protocol validation first needs it, or download %s, 499 MB, to %s", only108.URL, place),
	}
}

func (s TFRecord) path() string {
	if s.Path != "" {
		return s.Path
	}
	return cached(only108.Name)
}

func (TFRecord) id() string { return "tfrecord" }

func (s TFRecord) stamp() string {
	if s.Path != "" {
		return source.Stamp(s.Path)
	}
	if s.asIs {
		if _, err := s.Info().Official(only108.SHA256, only108.Size); err != nil {
			return ""
		}
	}
	return only108.SHA256 // what fetch returns has it
}

func (TFRecord) valRuns() int { return numRuns }

func (s TFRecord) fetch(ctx context.Context, progress io.Writer) (string, error) {
	switch {
	case s.Path != "":
		return s.Info().There("file")
	case s.asIs:
		return s.Info().Official(only108.SHA256, only108.Size)
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	return source.Fetch(ctx, only108, dir, progress)
}

func (s TFRecord) read(ctx context.Context, path string, progress io.Writer) (*accuracies, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	a := newAccuracies(numRuns, numRuns)
	runs := make([]uint8, NumCells) // that have been read of each cell
	records := &recordReader{in: bufio.NewReaderSize(file, 1<<20)}
	const told = 50e6
	for next := int64(told); ; {
		record, err := records.next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if err := a.addRecord(record, runs); err != nil {
			return nil, fmt.Errorf("record %d: %w", records.count-1, err)
		}
		if records.offset >= next {
			fmt.Fprintf(progress, "%s: %.0f of %.0f MB\n", info.Name(), float64(records.offset)/1e6, float64(info.Size())/1e6)
			next += told
		}
	}
}

// recordReader reads the records of a TFRecord file: for each a length as a little-endian uint64,
// the length's checksum, that many bytes, and their checksum.
type recordReader struct {
	in     *bufio.Reader
	count  int   // of records read
	offset int64 // where the next one starts
	buffer []byte
}

// maxRecord is far above the length of any record of the benchmark, which is about 400 bytes.
const maxRecord = 1 << 20

// next returns the next record, which stays good until the one after it is read. The error is
// io.EOF only where a record could have started.
func (r *recordReader) next() ([]byte, error) {
	record, err := r.read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("record %d at byte %d: %w", r.count, r.offset, err)
	}
	if err != nil {
		return nil, err
	}
	r.count++
	r.offset += int64(8 + 4 + len(record) + 4)
	return record, nil
}

func (r *recordReader) read() ([]byte, error) {
	var header [12]byte
	if _, err := io.ReadFull(r.in, header[:]); err != nil {
		return nil, err
	}
	if maskedCRC(header[:8]) != binary.LittleEndian.Uint32(header[8:]) {
		return nil, errors.New("the checksum of the length is wrong")
	}
	length := binary.LittleEndian.Uint64(header[:8])
	if length > maxRecord {
		return nil, fmt.Errorf("the length is %d, want at most %d", length, maxRecord)
	}
	if need := int(length) + 4; cap(r.buffer) < need {
		r.buffer = make([]byte, need)
	}
	record := r.buffer[:length+4]
	if _, err := io.ReadFull(r.in, record); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if maskedCRC(record[:length]) != binary.LittleEndian.Uint32(record[length:]) {
		return nil, errors.New("the checksum is wrong")
	}
	return record[:length], nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the checksum of TFRecord files (tensorflow/core/lib/hash/crc32c.h).
func maskedCRC(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// addRecord adds one training run, and counts it. A record is a JSON list of the cell's hash, the
// number of epochs, the matrix, the operations, and what was measured (NASBench.__init__ in
// nasbench/api.py).
func (a *accuracies) addRecord(record []byte, runs []uint8) error {
	var hash, matrix, operations string
	var epochs int
	var metrics []byte // which encoding/json decodes from base 64
	fields := []any{&hash, &epochs, &matrix, &operations, &metrics}
	if err := json.Unmarshal(record, &fields); err != nil {
		return err
	}
	if len(fields) != 5 {
		return fmt.Errorf("it is a list of %d, want 5", len(fields))
	}
	if epochs != numEpochs {
		return nil
	}
	c, err := parse(matrix, operations)
	if err != nil {
		return err
	}
	i, err := identify(hash, c)
	if err != nil {
		return err
	}
	if runs[i] == numRuns {
		return fmt.Errorf("hash %s has more than %d runs", hash, numRuns)
	}
	val, test, err := finalAccuracies(metrics)
	if err != nil {
		return fmt.Errorf("hash %s: %w", hash, err)
	}
	at := i*numRuns + int(runs[i])
	a.Val[at], a.Test[at] = 100*val, 100*test
	runs[i]++
	return nil
}

// finalAccuracies returns validation and test accuracy at the end of training, as fractions, out of
// a message ModelMetrics (nasbench/lib/model_metrics.proto). Its third evaluation is the last.
func finalAccuracies(metrics []byte) (val, test float64, err error) {
	const evaluationData, validationAccuracy, testAccuracy, final = 1, 4, 5, 2
	val, test = math.NaN(), math.NaN()
	n := 0
	err = eachField(metrics, func(number protowire.Number, kind protowire.Type, value []byte) error {
		if number != evaluationData || kind != protowire.BytesType {
			return nil
		}
		n++
		if n-1 != final {
			return nil
		}
		evaluation, _ := protowire.ConsumeBytes(value)
		return eachField(evaluation, func(number protowire.Number, kind protowire.Type, value []byte) error {
			if kind != protowire.Fixed64Type {
				return nil
			}
			bits, _ := protowire.ConsumeFixed64(value)
			switch number {
			case validationAccuracy:
				val = math.Float64frombits(bits)
			case testAccuracy:
				test = math.Float64frombits(bits)
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("what was measured is no protocol buffer: %w", err)
	case n <= final:
		return 0, 0, fmt.Errorf("there are %d evaluations, want %d", n, final+1)
	case !(val >= 0 && val <= 1 && test >= 0 && test <= 1):
		return 0, 0, fmt.Errorf("validation and test accuracy are %v and %v, want 0 to 1", val, test)
	}
	return val, test, nil
}

// eachField calls f with each field of a protocol buffer, its value still encoded.
func eachField(message []byte, f func(number protowire.Number, kind protowire.Type, value []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		n = protowire.ConsumeFieldValue(number, kind, message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(number, kind, message[:n]); err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}
