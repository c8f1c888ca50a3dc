package datasets

// CostBenchmark is a [Benchmark] that also tells what an architecture costs, such as the time that
// it takes on a device: a search of it looks for architectures that are accurate and cheap.
type CostBenchmark interface {
	Benchmark

	// Cost is the cost of a, canonical or not, the less the better. Its error says that nobody
	// knows it.
	Cost(a Arch) (float64, error)

	// CostName names the cost, with its unit, such as "latency (ms)".
	CostName() string
}

// OnDevice returns the benchmark b on a device of that name, with latencies in milliseconds, such
// as those of nasbench201.Hardware. Several goroutines call latency at once.
func OnDevice(b Benchmark, device string, latency func(Arch) (float64, error)) CostBenchmark {
	return &onDevice{b, device, latency}
}

type onDevice struct {
	Benchmark
	device  string
	latency func(Arch) (float64, error)
}

func (d *onDevice) Name() string { return d.Benchmark.Name() + " on " + d.device }

func (d *onDevice) Cost(a Arch) (float64, error) { return d.latency(a) }

func (d *onDevice) CostName() string { return "latency (ms)" }
