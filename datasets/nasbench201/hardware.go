package nasbench201

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Devices are those of HW-NAS-Bench. Latencies on the first four were measured on the device; those of eyeriss, an
// accelerator, and fpga come from models of the hardware, and take few different values. The edge TPU's compiler
// could not translate 4,699 of the cells.
//
// Source: Li et al., "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark", ICLR 2021.
func Devices() []string {
	return []string{"edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"}
}

// Hardware holds the latency of one inference by all cells on the [Devices], for the input size of one data set.
type Hardware struct {
	dataSet   string
	latencies map[string][]float64 // by device, then by official index; missing where there is none
}

// HardwareSources returns the places that latencies come from, in the order in which [OpenHardware] looks: the project's
// reference table, for tests and experiments within the project, and the benchmark's own file.
func HardwareSources() []Info {
	table, file := source.Reference("nb201_hwnasbench.csv.gz"), cached("HW-NAS-Bench-v1_0.pickle")
	return []Info{{
		Name:    "HW-NAS-Bench, reference table nb201_hwnasbench.csv.gz",
		Holds:   "latency on six devices, three data sets",
		Path:    table,
		Present: exists(table),
		Get:     "set " + dataVar + " to the folder that holds the reference tables",
	}, {
		Name:    "HW-NAS-Bench, the benchmark's own file HW-NAS-Bench-v1_0.pickle",
		Holds:   "latency on six devices, three data sets",
		Path:    file,
		Present: exists(file),
		Get:     "take it from the repository GATECH-EIC/HW-NAS-Bench on GitHub and save it as " + file,
	}}
}

// OpenHardware reads the latencies of all cells for a data set, one of [DataSets], from the first of [HardwareSources]
// that is there.
func OpenHardware(dataSet string) (*Hardware, error) {
	fail := func(format string, args ...any) (*Hardware, error) {
		return nil, fmt.Errorf("open HW-NAS-Bench: "+format, args...)
	}
	if !slices.Contains(DataSets(), dataSet) {
		return fail("unknown data set %q, want one of %s", dataSet, strings.Join(DataSets(), ", "))
	}
	sources := HardwareSources()
	at := slices.IndexFunc(sources, func(i Info) bool { return i.Present })
	if at < 0 {
		return fail("there is neither %s nor %s; %s, or %s", sources[0].Path, sources[1].Path, sources[0].Get, sources[1].Get)
	}
	file, err := os.Open(sources[at].Path)
	if err != nil {
		return fail("%w", err)
	}
	defer file.Close()
	h := &Hardware{dataSet: dataSet, latencies: make(map[string][]float64)}
	read := []func(io.Reader) error{h.readTable, h.readPickle}[at]
	if err := read(file); err != nil {
		return fail("%s: %w; %s", sources[at].Path, err, sources[at].Get)
	}
	return h, nil
}

// readTable reads the reference table.
func (h *Hardware) readTable(file io.Reader) error {
	table, header, err := source.NewTable(file)
	if err != nil {
		return err
	}
	var names []string
	devices := Devices()
	for _, device := range devices {
		names = append(names, h.dataSet+"_"+device+"_latency")
	}
	columns, err := source.Columns(header, names...)
	if err != nil {
		return err
	}
	for cell := 0; ; cell++ {
		row, err := table.Read()
		switch {
		case errors.Is(err, io.EOF) && cell == NumCells:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("it has %d cells, want %d", cell, NumCells)
		case err != nil:
			return err
		case row[0] != strconv.Itoa(cell):
			return fmt.Errorf("the row of cell %d is that of cell %s", cell, row[0])
		}
		for i, device := range devices {
			field := row[columns[names[i]]]
			latency, err := strconv.ParseFloat(field, 64)
			if err != nil {
				latency = math.NaN()
			}
			if err := h.add(device, cell, latency, field); err != nil {
				return err
			}
		}
	}
}

// maxHardwarePickle is above the size of the benchmark's own file.
const maxHardwarePickle = 256 << 20

// readPickle reads the benchmark's own file: a pickled dict of Python's own types, with a list of latencies in the order
// of official indices for each device, under search space, data set and measure.
//
// Source: HWNASBenchAPI.query_by_index of the benchmark's code.
func (h *Hardware) readPickle(file io.Reader) error {
	value, err := pydata.Unpickle(file, maxHardwarePickle, nil)
	if err != nil {
		return err
	}
	path := ""
	enter := func(key string) error {
		dict, ok := value.(*types.Dict)
		if !ok {
			return fmt.Errorf("%s is a %T, want a dict", cmp.Or(path, "the content"), value)
		}
		if value, ok = dict.Get(key); !ok {
			return fmt.Errorf("%s has no key %q", cmp.Or(path, "the content"), key)
		}
		path = strings.TrimPrefix(path+"/"+key, "/")
		return nil
	}
	name := map[string]string{"imagenet16": "ImageNet16-120"}[h.dataSet]
	for _, key := range []string{"nasbench201", cmp.Or(name, h.dataSet)} {
		if err := enter(key); err != nil {
			return err
		}
	}
	measures, pathOfMeasures := value, path
	for _, device := range Devices() {
		value, path = measures, pathOfMeasures
		if err := enter(device + "_latency"); err != nil {
			return err
		}
		list, ok := value.(*types.List)
		if !ok || list.Len() != NumCells {
			return fmt.Errorf("%s is not a list of %d latencies", path, NumCells)
		}
		for cell, x := range *list {
			latency, ok := x.(float64)
			if n, isInt := x.(int); isInt {
				latency, ok = float64(n), true
			}
			text := fmt.Sprint(latency)
			if !ok {
				latency, text = math.NaN(), fmt.Sprintf("a %T", x)
			}
			if err := h.add(device, cell, latency, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// add appends the latency of a cell, which the source has as text.
func (h *Hardware) add(device string, cell int, latency float64, text string) error {
	if !(latency > 0 && !math.IsInf(latency, 1)) && latency != missing {
		return fmt.Errorf("cell %d: latency on %s is %q, want a number above 0, or %d where there is none", cell, device, text, missing)
	}
	h.latencies[device] = append(h.latencies[device], latency)
	return nil
}

// Latency returns how long one inference by a cell takes on a device, in milliseconds.
func (h *Hardware) Latency(device string, a datasets.Arch) (float64, error) {
	latencies, ok := h.latencies[device]
	if !ok {
		return 0, fmt.Errorf("HW-NAS-Bench has no device %q, but %s", device, strings.Join(Devices(), ", "))
	}
	latency := latencies[Space{}.Index(a)]
	if latency == missing {
		return 0, fmt.Errorf("HW-NAS-Bench has no latency of cell %v on %s", a, device)
	}
	return latency, nil
}

// Latencies returns the latencies of all cells on a device by official index, for looking at a device as a whole. The
// error says that one is missing.
func (h *Hardware) Latencies(device string) ([]float64, error) {
	all := make([]float64, NumCells)
	for i := range all {
		var err error
		if all[i], err = h.Latency(device, Space{}.At(i)); err != nil {
			return nil, err
		}
	}
	return all, nil
}
