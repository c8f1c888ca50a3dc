package nasbench201

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cr-lso/cr-lso/datasets"
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

// HardwareInfo says where the reference table of latencies is, or how to get it.
func HardwareInfo() Info {
	path := source.Reference("nb201_hwnasbench.csv.gz")
	return Info{
		Name:    "HW-NAS-Bench, reference table nb201_hwnasbench.csv.gz",
		Holds:   "latency on six devices, three data sets",
		Path:    path,
		Present: exists(path),
		Get:     "set " + dataVar + " to the folder that holds the reference tables",
	}
}

// OpenHardware reads the latencies of all cells for a data set, one of [DataSets], from the reference table.
func OpenHardware(dataSet string) (*Hardware, error) {
	info := HardwareInfo()
	if !slices.Contains(DataSets(), dataSet) {
		return nil, fmt.Errorf("open HW-NAS-Bench: unknown data set %q, want one of %s", dataSet, strings.Join(DataSets(), ", "))
	}
	file, err := os.Open(info.Path)
	if err != nil {
		return nil, fmt.Errorf("open HW-NAS-Bench: %w; %s", err, info.Get)
	}
	defer file.Close()
	h := &Hardware{dataSet: dataSet, latencies: make(map[string][]float64)}
	if err := h.read(file); err != nil {
		return nil, fmt.Errorf("open HW-NAS-Bench: %s: %w; %s", info.Path, err, info.Get)
	}
	return h, nil
}

func (h *Hardware) read(file io.Reader) error {
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
			if err != nil || !(latency > 0 || latency == missing) {
				return fmt.Errorf("cell %d: latency on %s is %q, want a number above 0, or %d where there is none", cell, device, field, missing)
			}
			h.latencies[device] = append(h.latencies[device], latency)
		}
	}
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
