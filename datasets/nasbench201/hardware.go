package nasbench201

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Devices are those of HW-NAS-Bench. Latencies on the first four were measured on the device; those
// of eyeriss, an accelerator, and fpga come from models of the hardware, and take few different
// values. The edge TPU's compiler could not translate 4,699 of the cells.
//
// Source: Li et al., "HW-NAS-Bench: Hardware-Aware Neural Architecture Search Benchmark", ICLR
// 2021.
func Devices() []string {
	return []string{"edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"}
}

// EnergyDevices are those of the [Devices] that the energy of an inference is known of.
func EnergyDevices() []string { return []string{"edgegpu", "eyeriss", "fpga"} }

// measures are the names of all that HW-NAS-Bench tells of a cell on a data set, in the words of
// its file.
func measures() []string {
	var names []string
	for _, device := range Devices() {
		names = append(names, device+"_latency")
	}
	for _, device := range EnergyDevices() {
		names = append(names, device+"_energy")
	}
	return names
}

// perUnit is how many of the embedded whole numbers make a millisecond or a millijoule: 5 decimals
// are kept.
const perUnit = 100_000

// hardwareFile holds an array DATASET_DEVICE_latency or DATASET_DEVICE_energy for each measure, in
// the order of official indices, perUnit. [PackHardware] makes it, and embedded/README.md says
// where from.
//
//go:embed embedded/hardware.npz
var hardwareFile []byte

// Hardware holds latency and energy of one inference by all cells on the [Devices], for the input
// size of one data set.
type Hardware struct {
	dataSet string
	values  map[string][]float64 // by measure, then by official index; missing where there is none
}

// EmbeddedHardware describes the table that is part of this package.
func EmbeddedHardware() Info {
	return Info{
		Name:    "embedded HW-NAS-Bench table",
		Holds:   "latency on six devices and energy on three, three data sets",
		Path:    "datasets/nasbench201/embedded/hardware.npz",
		Present: true,
	}
}

// HardwareSource describes the benchmark's own file at its usual place.
func HardwareSource() Info {
	file := cached("HW-NAS-Bench-v1_0.pickle")
	return Info{
		Name:    "HW-NAS-Bench, the benchmark's own file HW-NAS-Bench-v1_0.pickle",
		Holds:   "latency on six devices and energy on three, three data sets",
		Path:    file,
		Present: source.IsFile(file),
		Get:     "take it from the repository GATECH-EIC/HW-NAS-Bench on GitHub and save it as " + file,
	}
}

// OpenHardware returns the embedded latencies and energies of all cells for a data set, one of
// [DataSets].
func OpenHardware(dataSet string) (*Hardware, error) {
	h, err := newHardware(dataSet)
	if err == nil {
		err = h.readEmbedded()
	}
	if err != nil {
		return nil, fmt.Errorf("open HW-NAS-Bench: %w", err)
	}
	return h, nil
}

// ReadHardware reads latencies and energies from a file: the benchmark's own, or the reference
// table nb201_hwnasbench.csv.gz that the embedded ones are made from.
func ReadHardware(dataSet, path string) (*Hardware, error) {
	h, err := newHardware(dataSet)
	if err != nil {
		return nil, fmt.Errorf("read HW-NAS-Bench: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read HW-NAS-Bench: %w", err)
	}
	defer file.Close()
	read := h.readPickle
	if filepath.Ext(path) == ".gz" {
		read = h.readTable
	}
	if err := read(file); err != nil {
		return nil, fmt.Errorf("read HW-NAS-Bench: %s: %w; %s", path, err, HardwareSource().Get)
	}
	return h, nil
}

func newHardware(dataSet string) (*Hardware, error) {
	_, err := find(dataSet)
	return &Hardware{dataSet: dataSet, values: make(map[string][]float64)}, err
}

func (h *Hardware) readEmbedded() error {
	file, err := source.OpenArrays(hardwareFile)
	if err != nil {
		return err
	}
	for _, measure := range measures() {
		numbers, err := source.ReadArray[int32](file, h.dataSet+"_"+measure, NumCells)
		if err != nil {
			return err
		}
		values := make([]float64, NumCells)
		for i, n := range numbers {
			values[i] = float64(n) / perUnit
		}
		h.values[measure] = values
	}
	return nil
}

// PackHardware returns the content of embedded/hardware.npz, made of the values for each of the
// [DataSets].
func PackHardware(all []*Hardware) ([]byte, error) {
	var arrays []source.Array
	for _, h := range all {
		for _, measure := range measures() {
			numbers := make([]int32, NumCells)
			for i, x := range h.values[measure] {
				numbers[i] = int32(math.Round(x * perUnit))
			}
			arrays = append(arrays, source.Array{Name: h.dataSet + "_" + measure, Values: numbers})
		}
	}
	return source.PackArrays(arrays)
}

// readTable reads the reference table.
func (h *Hardware) readTable(file io.Reader) error {
	table, header, err := source.NewTable(file)
	if err != nil {
		return err
	}
	measures := measures()
	var names []string
	for _, measure := range measures {
		names = append(names, h.dataSet+"_"+measure)
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
		for i, measure := range measures {
			field := row[columns[names[i]]]
			value, err := strconv.ParseFloat(field, 64)
			if err != nil {
				value = math.NaN()
			}
			if err := h.add(measure, cell, value, field); err != nil {
				return err
			}
		}
	}
}

// maxHardwarePickle is above the size of the benchmark's own file.
const maxHardwarePickle = 256 << 20

// readPickle reads the benchmark's own file: a pickled dict of Python's own types, with a list of
// numbers in the order of official indices under search space, data set and measure.
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
	all, pathOfAll := value, path
	for _, measure := range measures() {
		value, path = all, pathOfAll
		if err := enter(measure); err != nil {
			return err
		}
		list, ok := value.(*types.List)
		if !ok || list.Len() != NumCells {
			return fmt.Errorf("%s is not a list of %d numbers", path, NumCells)
		}
		for cell, x := range *list {
			number, ok := x.(float64)
			if n, isInt := x.(int); isInt {
				number, ok = float64(n), true
			}
			text := fmt.Sprint(number)
			if !ok {
				number, text = math.NaN(), fmt.Sprintf("a %T", x)
			}
			if err := h.add(measure, cell, number, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// add appends the value of a cell, which the source has as text.
func (h *Hardware) add(measure string, cell int, value float64, text string) error {
	if !(value > 0 && !math.IsInf(value, 1)) && value != missing {
		return fmt.Errorf("cell %d: %s is %q, want a number above 0, or %d where there is none", cell, measure, text, missing)
	}
	h.values[measure] = append(h.values[measure], value)
	return nil
}

// Latency returns how long one inference by a cell takes on one of the [Devices], in milliseconds.
func (h *Hardware) Latency(device string, a datasets.Arch) (float64, error) {
	return h.value("latency", device, Devices(), a)
}

// Energy returns what one inference by a cell takes on one of the [EnergyDevices], in millijoules.
func (h *Hardware) Energy(device string, a datasets.Arch) (float64, error) {
	return h.value("energy", device, EnergyDevices(), a)
}

func (h *Hardware) value(what, device string, devices []string, a datasets.Arch) (float64, error) {
	if !slices.Contains(devices, device) {
		return 0, fmt.Errorf("HW-NAS-Bench has no %s on %q, but on %s", what, device, strings.Join(devices, ", "))
	}
	value := h.values[device+"_"+what][Space{}.Index(a)]
	if value == missing {
		return 0, fmt.Errorf("HW-NAS-Bench has no %s of cell %v on %s", what, a, device)
	}
	return value, nil
}

// On returns a table of the same data set on one of the [Devices], for searches of accuracy and
// latency.
func (h *Hardware) On(table *Table, device string) (datasets.CostBenchmark, error) {
	if table.data.name != h.dataSet {
		return nil, fmt.Errorf("HW-NAS-Bench of %s on a table of %s; open both for one data set", h.dataSet, table.data.name)
	}
	if !slices.Contains(Devices(), device) {
		return nil, fmt.Errorf("HW-NAS-Bench has no latency on %q, but on %s", device, strings.Join(Devices(), ", "))
	}
	return datasets.OnDevice(table, device, func(a datasets.Arch) (float64, error) { return h.Latency(device, a) }), nil
}

// Latencies returns the latencies of all cells on a device by official index, for looking at a
// device as a whole. The error says that one is missing. On edgetpu that is always so, since its
// compiler could not translate 4,699 of the cells: ask Latency for each cell there, and leave out
// those with an error.
func (h *Hardware) Latencies(device string) ([]float64, error) { return all(h.Latency, device) }

// Energies is Latencies for energies.
func (h *Hardware) Energies(device string) ([]float64, error) { return all(h.Energy, device) }

func all(value func(device string, a datasets.Arch) (float64, error), device string) ([]float64, error) {
	values := make([]float64, NumCells)
	for i := range values {
		var err error
		if values[i], err = value(device, Space{}.At(i)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// HardwareDifferences counts the cells whose latencies or energies in the benchmark's own file
// differ from the embedded ones by more than their rounding, and describes the first few.
func HardwareDifferences(dataSet, path string) (n int, first []string, err error) {
	here, err := OpenHardware(dataSet)
	if err != nil {
		return 0, nil, err
	}
	there, err := ReadHardware(dataSet, path)
	if err != nil {
		return 0, nil, err
	}
	return datasets.CountDifferences(NumCells, func(cell int) (string, error) {
		for _, measure := range measures() {
			a, b := here.values[measure][cell], there.values[measure][cell]
			if !(math.Abs(a-b) <= 0.5001/perUnit) { // so if one is NaN
				return fmt.Sprintf("cell %d, %v: %s %v and %v", cell, Space{}.At(cell), measure, a, b), nil
			}
		}
		return "", nil
	})
}
