package crlso

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
)

// The benchmarks run on the fastest backend that is built in, as a user's notebook does. The authors' PyTorch
// release on the same kind of machine, two cores: 4.87 s an epoch of released201, 13.7 s of paper201,
// 11.7 s for the predictor, 22.1 s for the search.

// BenchmarkJointEpoch is one epoch of joint training over all 15,625 cells, compilation apart.
func BenchmarkJointEpoch(b *testing.B) {
	for _, preset := range []string{"released201", "paper201"} {
		b.Run(preset, func(b *testing.B) {
			config, err := Preset(preset)
			if err != nil {
				b.Fatal(err)
			}
			benchmarkEpoch(b, config, 1)
		})
	}
}

// BenchmarkDevices is an epoch of released201 on 1, 2 and 4 devices. Each of them needs a process of its own for its peak
// memory: -bench Devices/1$, and so on.
func BenchmarkDevices(b *testing.B) {
	for _, devices := range []int{1, 2, 4} {
		b.Run(strconv.Itoa(devices), func(b *testing.B) { benchmarkEpoch(b, Released201(), devices) })
	}
}

func benchmarkEpoch(b *testing.B, config Config, devices int) {
	config.Joint.Epochs = b.N + 1
	m := newModel(b, fastest(b), space, config)
	m.Devices = devices
	b.StopTimer()
	err := m.TrainJoint(b.Context(), trueAccuracies(b), 0, func(e Epoch) error {
		if e.Number == 1 { // compiled by now
			b.ResetTimer()
			b.StartTimer()
		}
		return nil
	})
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(peakMemory(b), "peak-MB")
}

// BenchmarkPredictor trains the predictor on 300 labels for 200 epochs, compilation apart.
func BenchmarkPredictor(b *testing.B) {
	m := newModel(b, fastest(b), space, Released201())
	oracle := newOracle(b, 300)
	if err := m.drawInitialSet(oracle); err != nil {
		b.Fatal(err)
	}
	if err := m.TrainPredictor(b.Context(), oracle.Log(), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := m.TrainPredictor(b.Context(), oracle.Log(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEncodeSpace encodes all 15,625 cells.
func BenchmarkEncodeSpace(b *testing.B) {
	m := newModel(b, fastest(b), space, Released201())
	for b.Loop() {
		if _, err := m.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch goes from 300 to 500 queries, in a latent space of one epoch; compilation apart.
func BenchmarkSearch(b *testing.B) {
	config := Released201()
	config.Joint.Epochs = 1
	m := newModel(b, fastest(b), space, config)
	if err := m.TrainJoint(b.Context(), trueAccuracies(b), 0, nil); err != nil {
		b.Fatal(err)
	}
	prepared := func() *datasets.Oracle {
		oracle := newOracle(b, 500)
		if err := m.drawInitialSet(oracle); err != nil {
			b.Fatal(err)
		}
		return oracle
	}
	if err := m.Search(b.Context(), prepared(), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		oracle := prepared()
		if err := m.Search(b.Context(), oracle, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewModel is what each notebook cell pays before it can compute.
func BenchmarkNewModel(b *testing.B) {
	for b.Loop() {
		newModel(b, fastest(b), space, Released201())
	}
}

// peakMemory is the process's largest resident size so far, in MB; 0 where the system does not say.
func peakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kB, err := strconv.ParseFloat(number, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}
