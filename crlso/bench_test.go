package crlso

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/gomlx/compute"
)

// The benchmarks run on the fastest backend that is built in, as a user's notebook does, and
// compile before the clock starts. The authors' PyTorch release on the same kind of machine, two
// cores: 4.87 s an epoch of released201, 13.7 s of paper201, 11.7 s for the predictor, 22.1 s for
// the search.

// benchCells is the size of the training set in benchmarks on NAS-Bench-101. Times per architecture
// are those of all 423,624 cells, as batches are the released ones.
const benchCells = 2048

// atSizes runs a benchmark with the released configuration and that of the paper for NAS-Bench-201,
// and with the released one for NAS-Bench-101, there with benchCells cells. Each also reports the
// peak of the process's memory.
func atSizes(b *testing.B, bench func(b *testing.B, config Config, table datasets.Benchmark)) {
	run := func(name string, config Config, table func(b *testing.B) datasets.Benchmark) {
		b.Run(name, func(b *testing.B) {
			t := table(b)
			testbed.ResetPeakMemory()
			bench(b, config, t)
			b.ReportMetric(testbed.PeakMemory(b), "peak-MB")
		})
	}
	table201 := func(b *testing.B) datasets.Benchmark { return testbed.Table(b) }
	run("released201", Released201(), table201)
	run("paper201", Paper201(), table201)
	config := Released101()
	config.TrainingSet = benchCells
	run("released101_"+strconv.Itoa(benchCells)+"_cells", config, func(b *testing.B) datasets.Benchmark {
		table, err := nasbench101.Open(b.Context(), "test-as-label", nil, os.Stderr)
		if err != nil {
			b.Fatal(err)
		}
		return table
	})
}

// BenchmarkJointEpoch is one epoch of joint training over the training set.
func BenchmarkJointEpoch(b *testing.B) { jointEpoch(b, false) }

// BenchmarkJointEpochBFloat16 is the same with Model.BFloat16.
func BenchmarkJointEpochBFloat16(b *testing.B) { jointEpoch(b, true) }

func jointEpoch(b *testing.B, bfloat16 bool) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		m := newModel(b, testbed.Fastest(b), table.Space(), config)
		m.BFloat16 = bfloat16
		labels := trainingLabels(b, m, table)
		train := func() {
			if err := m.TrainJoint(b.Context(), labels, config.Joint.Epochs-1, nil); err != nil {
				b.Fatal(err)
			}
		}
		train()
		steps := config.Joint.StepsPerEpoch(len(m.TrainingSet()))
		loopWithYardstick(b, m, train, float64(steps)*flopOfJointStep(config, m.schema))
	})
}

// BenchmarkDevices is an epoch of joint training with the released configuration on 1, 2 and 4
// devices. For its peak memory each needs a process of its own: -bench Devices/1$, and so on.
func BenchmarkDevices(b *testing.B) {
	for _, devices := range []int{1, 2, 4} {
		b.Run(strconv.Itoa(devices), func(b *testing.B) {
			m, table := newModel(b, testbed.Fastest(b), space, Released201()), testbed.Table(b)
			m.Devices = devices
			labels := trainingLabels(b, m, table)
			train := func() {
				if err := m.TrainJoint(b.Context(), labels, m.Config.Joint.Epochs-1, nil); err != nil {
					b.Fatal(err)
				}
			}
			testbed.ResetPeakMemory()
			train()
			before := cpuSeconds(b)
			for b.Loop() {
				train()
			}
			b.ReportMetric((cpuSeconds(b)-before)/float64(b.N), "cpu-s/op")
			b.ReportMetric(testbed.PeakMemory(b), "peak-MB")
		})
	}
}

// cpuSeconds is the processor time that the process has taken so far, of all its threads.
func cpuSeconds(b *testing.B) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// BenchmarkConvergence is a whole joint training by each schedule for NAS-Bench-201, and by the
// quick one with products in bfloat16. It reports after how many epochs, and after how long, 99.9 %
// of all cells decode to themselves, the loss in the end, and when the loss was first that in the
// end of the released schedule.
func BenchmarkConvergence(b *testing.B) {
	var released float64
	for _, run := range []struct {
		name     string
		config   Config
		bfloat16 bool
	}{
		{"released201", Released201(), false},
		{"quick201", Quick201(), false},
		{"quick201_bfloat16", Quick201(), true},
	} {
		b.Run(run.name, func(b *testing.B) {
			table := testbed.Table(b)
			for b.Loop() {
				m := newModel(b, testbed.Fastest(b), space, run.config)
				m.BFloat16 = run.bfloat16
				var losses, seconds []float64
				faithful, spent, began := 0, 0.0, time.Now()
				each := func(e Epoch) error {
					spent += time.Since(began).Seconds()
					losses, seconds = append(losses, e.Losses[0].Value), append(seconds, spent)
					if faithful == 0 {
						if exact(b, m) >= 0.999 {
							faithful = e.Number
						}
					}
					began = time.Now()
					return nil
				}
				if err := m.TrainJoint(b.Context(), trainingLabels(b, m, table), 0, each); err != nil {
					b.Fatal(err)
				}
				last := losses[len(losses)-1]
				if run.name == "released201" {
					released = last
				}
				report := func(epoch int, what string) {
					if epoch > 0 {
						b.ReportMetric(float64(epoch), "epochs-to-"+what)
						b.ReportMetric(seconds[epoch-1], "s-to-"+what)
					}
				}
				report(faithful, "99.9%")
				report(1+slices.IndexFunc(losses, func(loss float64) bool { return loss <= released }), "released-loss")
				b.ReportMetric(last, "final-loss")
			}
		})
	}
}

// trainingLabels are the true validation accuracies of the training set, in place of pseudo-labels.
func trainingLabels(t testing.TB, m *Model, table datasets.Benchmark) []float64 {
	labels := make([]float64, len(m.TrainingSet()))
	for i, arch := range m.TrainingSet() {
		record, err := table.Lookup(arch)
		if err != nil {
			t.Fatal(err)
		}
		labels[i] = record.Val
	}
	return labels
}

// BenchmarkPredictor trains the predictor on the initial set for all its epochs.
func BenchmarkPredictor(b *testing.B) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		m := newModel(b, testbed.Fastest(b), table.Space(), config)
		log := initialSet(b, m, table).Log()
		train := func() {
			if err := m.TrainPredictor(b.Context(), log, nil); err != nil {
				b.Fatal(err)
			}
		}
		train()
		steps := config.Predictor.Epochs * config.Predictor.StepsPerEpoch(config.InitialSet)
		loopWithYardstick(b, m, train, float64(steps)*flopOfPredictorStep(config, m.schema))
	})
}

// loopWithYardstick measures train, which makes so many floating point operations in products, and
// a [yardstick] between its runs. It reports the rates of both, and the share of the latter that
// train reaches.
func loopWithYardstick(b *testing.B, m *Model, train func(), flop float64) {
	y := newYardstick(b, m.backend)
	for b.Loop() {
		train()
		b.StopTimer()
		y.run(b, flop/2)
		b.StartTimer()
	}
	rate := flop * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(y.rate()/1e9, "product-GFLOP/s")
	b.ReportMetric(100*rate/y.rate(), "%-of-product")
}

// initialSet returns an oracle for the whole budget that has labelled the initial set.
func initialSet(b *testing.B, m *Model, table datasets.Benchmark) *datasets.Oracle {
	oracle, err := datasets.NewOracle(table, m.Config.Budget, datasets.MeanLabel)
	if err == nil {
		err = m.LabelInitialSet(oracle)
	}
	if err != nil {
		b.Fatal(err)
	}
	return oracle
}

// BenchmarkEncodeSpace encodes the training set.
func BenchmarkEncodeSpace(b *testing.B) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		m := newModel(b, testbed.Fastest(b), table.Space(), config)
		for b.Loop() {
			if _, err := m.Encode(m.TrainingSet()...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*len(m.TrainingSet()))/b.Elapsed().Seconds(), "archs/s")
	})
}

// BenchmarkFineTune fits the surrogate to the initial set, as the first round of a search does.
func BenchmarkFineTune(b *testing.B) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		m := newModel(b, testbed.Fastest(b), table.Space(), config)
		oracle := initialSet(b, m, table)
		labelled, err := m.startingSet(oracle.Log())
		if err != nil {
			b.Fatal(err)
		}
		p, err := m.searchPrograms(searchSize{searches: 1, capacity: config.Budget})
		if err != nil {
			b.Fatal(err)
		}
		searches := []*seedSearch{{known: oracle, labelled: labelled}}
		fit := func() {
			if _, err := m.fineTune(b.Context(), p, searches, 1); err != nil {
				b.Fatal(err)
			}
		}
		fit()
		for b.Loop() {
			fit()
		}
	})
}

// BenchmarkSearch goes from the initial set to the whole budget, in a latent space that is trained
// just long enough for some latents to decode to an architecture.
func BenchmarkSearch(b *testing.B) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		m := quicklyTrained(b, config, table)
		search := func() {
			if err := m.Search(b.Context(), initialSet(b, m, table), nil); err != nil {
				b.Fatal(err)
			}
		}
		search()
		for b.Loop() {
			search()
		}
	})
}

// quicklyTrained returns a model with a latent space for BenchmarkSearch.
func quicklyTrained(b *testing.B, config Config, table datasets.Benchmark) *Model {
	m := newModel(b, testbed.Fastest(b), table.Space(), config)
	m.Config.Joint = nn.QuickTraining(30_000/len(m.TrainingSet()), 64)
	m.Config.MaxRetries = 10_000
	if err := m.TrainJoint(b.Context(), trainingLabels(b, m, table), 0, nil); err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkSearchSeeds is BenchmarkSearch for several seeds by Model.SearchSeeds, between as many
// searches one after another. It reports the time that a search takes either way.
func BenchmarkSearchSeeds(b *testing.B) {
	for _, searches := range []int{1, 10, 100} {
		b.Run(strconv.Itoa(searches), func(b *testing.B) {
			table := testbed.Table(b)
			batched, single := quicklyTrained(b, Released201(), table), quicklyTrained(b, Released201(), table)
			together := func() {
				oracles := make(map[uint64]*datasets.Oracle)
				for seed := range searches {
					oracles[uint64(seed)] = initialSet(b, batched, table)
				}
				if err := batched.SearchSeeds(b.Context(), oracles, nil); err != nil {
					b.Fatal(err)
				}
			}
			alone := func(seed int) {
				single.Config.SearchSeed = uint64(seed)
				if err := single.Search(b.Context(), initialSet(b, single, table), nil); err != nil {
					b.Fatal(err)
				}
			}
			together()
			alone(0)
			var apart time.Duration
			cpu := 0.0
			for b.Loop() {
				before := cpuSeconds(b)
				together()
				cpu += cpuSeconds(b) - before
				b.StopTimer()
				began := time.Now()
				for seed := range searches {
					alone(seed)
				}
				apart += time.Since(began)
				b.StartTimer()
			}
			perSearch := float64(b.N * searches)
			b.ReportMetric(b.Elapsed().Seconds()/perSearch, "s/search")
			b.ReportMetric(apart.Seconds()/perSearch, "s/search-alone")
			b.ReportMetric(cpu/perSearch, "cpu-s/search")
		})
	}
}

// BenchmarkNewModel is what each notebook cell pays before it can compute.
func BenchmarkNewModel(b *testing.B) {
	for b.Loop() {
		newModel(b, testbed.Fastest(b), space, Released201())
	}
}

// BenchmarkCompile builds and compiles the programs of the method, as every process has to, and
// each notebook cell is one: first with an empty cache of programs, then with those that are there
// now. The time of a program is what its first use takes longer than its second; ns/op is the sum
// of all without the cache. What [NewModel] compiles is in BenchmarkNewModel.
func BenchmarkCompile(b *testing.B) {
	atSizes(b, func(b *testing.B, config Config, table datasets.Benchmark) {
		config.Predictor.Epochs, config.Joint.Epochs, config.FineTune.Epochs = 1, 1, 1
		backend := testbed.Fastest(b)
		var total [2]time.Duration
		spent := make(map[string]time.Duration)
		for b.Loop() {
			testbed.EmptyProgramCache(b)
			for pass, suffix := range []string{"-ms", "-cached-ms"} {
				for name, took := range compileAll(b, backend, config, table) {
					spent[name+suffix] += took
					total[pass] += took
				}
			}
		}
		for name, took := range spent {
			b.ReportMetric(float64(took.Nanoseconds())/1e6/float64(b.N), name)
		}
		b.ReportMetric(float64(total[1].Nanoseconds())/1e6/float64(b.N), "all-cached-ms")
		b.ReportMetric(float64(total[0].Nanoseconds())/float64(b.N), "ns/op")
	})
}

// compileAll returns what the first use of each program takes longer than its second.
func compileAll(b *testing.B, backend compute.Backend, config Config, table datasets.Benchmark) map[string]time.Duration {
	m := newModel(b, backend, table.Space(), config)
	oracle, labels := initialSet(b, m, table), trainingLabels(b, m, table)
	p, err := m.searchPrograms(searchSize{searches: 1, capacity: config.Budget})
	if err != nil {
		b.Fatal(err)
	}
	origin := make([]float64, config.LatentDim)
	one := []*seedSearch{{known: oracle, labelled: []entry{{latent: origin}}}}
	spent := make(map[string]time.Duration)
	for name, use := range map[string]func() error{
		"predictor":     func() error { return m.TrainPredictor(b.Context(), oracle.Log(), nil) },
		"joint":         func() error { return m.TrainJoint(b.Context(), labels, 0, nil) },
		"pseudo-labels": func() error { _, err := m.PseudoLabels(m.TrainingSet()[0]); return err },
		"encode":        func() error { _, err := m.Encode(m.TrainingSet()[0]); return err },
		"decode":        func() error { _, err := m.Decode([][]float64{origin}); return err },
		"performance":   func() error { _, err := m.Performance([][]float64{origin}); return err },
		"fine-tune":     func() error { _, err := m.fineTune(b.Context(), p, one, 1); return err },
		"step":          func() error { _, _, err := m.step(p, [][]float64{origin}, []float32{1}); return err },
	} {
		var took [2]time.Duration
		for i := range took {
			began := time.Now()
			if err := use(); err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			took[i] = time.Since(began)
		}
		spent[name] = took[0] - took[1]
	}
	return spent
}

// exact is the share of the training set that decodes to itself.
func exact(b *testing.B, m *Model) float64 {
	latents, err := m.Encode(m.TrainingSet()...)
	if err != nil {
		b.Fatal(err)
	}
	decoded, err := m.Decode(latents)
	if err != nil {
		b.Fatal(err)
	}
	same := 0.0
	for i, d := range decoded {
		if d.Err == nil && m.Space.Canonical(d.Arch) == m.Space.Canonical(m.TrainingSet()[i]) {
			same++
		}
	}
	return same / float64(len(decoded))
}
