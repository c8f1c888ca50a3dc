package nasbench201

import (
	"bytes"
	"compress/gzip"
	"os/exec"
	"testing"
)

// pickleOf returns the pickle of a Python expression.
func pickleOf(f *testing.F, expression string) []byte {
	f.Helper()
	content, err := exec.Command("python3", "-c", "import pickle, sys; sys.stdout.buffer.write(pickle.dumps("+expression+"))").Output()
	if err != nil {
		f.Fatal(err)
	}
	return content
}

// No pickle makes the reader of the Python package panic, hang or use much memory.
func FuzzWheelPickle(f *testing.F) {
	f.Add(pickleOf(f, `{"421211": {"val_acc": [82.0, 81.5], "train_time": [1.5], "latency": [0.1]}, "000000": {"val_acc": [10.0]}}`))
	f.Add(pickleOf(f, `{"421211": 5}`))
	f.Add([]byte("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f."))
	f.Fuzz(func(t *testing.T, content []byte) {
		table := newTable(dataSets[0], "Wheel")
		if err := table.readPickle(bytes.NewReader(content)); err == nil {
			table.check()
		}
	})
}

// Nor that of HW-NAS-Bench, as a pickle or as a table.
func FuzzHardware(f *testing.F) {
	f.Add(pickleOf(f, `{"nasbench201": {"cifar10": {d + "_latency": [1.5, -1] for d in ["edgegpu", "raspi4", "edgetpu", "pixel3", "eyeriss", "fpga"]} | {d + "_energy": [1.5, 2] for d in ["edgegpu", "eyeriss", "fpga"]}}}`), true)
	f.Add([]byte("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f."), true)
	f.Add([]byte("index,cifar10_edgegpu_latency,cifar10_raspi4_latency,cifar10_edgetpu_latency,cifar10_pixel3_latency,"+
		"cifar10_eyeriss_latency,cifar10_fpga_latency,cifar10_edgegpu_energy,cifar10_eyeriss_energy,cifar10_fpga_energy\n"+
		"0,1,2,-1,4,5,6,7,8,9\n1,1,nan,-1,4,5,6,7,8,9\n"), false)
	f.Fuzz(func(t *testing.T, content []byte, isPickle bool) {
		h := &Hardware{dataSet: "cifar10", values: make(map[string][]float64)}
		if isPickle {
			h.readPickle(bytes.NewReader(content))
			return
		}
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		w.Write(content)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		h.readTable(&zipped)
	})
}
