package datasets

import "fmt"

// Measurement is what a [DeviceOracle] answers for one architecture.
type Measurement struct {
	Arch     Arch
	Accuracy float64 // validation accuracy in percent, as an Oracle shows it
	Latency  float64 // of one inference on the device, in milliseconds
}

// DeviceOracle is an [Oracle] that also tells how long each architecture which it answers for takes
// on a device: all that a search for accurate and fast architectures gets to see. Latencies of
// architectures that were not queried stay unknown, as accuracies do.
//
// Like an Oracle it belongs to one search and must not be used from several goroutines.
type DeviceOracle struct {
	oracle  *Oracle
	latency func(Arch) (float64, error)
	log     []Measurement
	seen    map[Arch]Measurement
}

// NewDeviceOracle returns a device oracle with the budget and the accuracies of an oracle that
// nobody else uses, and with latencies, in milliseconds, such as those of nasbench201.Hardware.
func NewDeviceOracle(oracle *Oracle, latency func(Arch) (float64, error)) *DeviceOracle {
	return &DeviceOracle{oracle: oracle, latency: latency, seen: make(map[Arch]Measurement)}
}

// Query measures an architecture. One that was asked before is answered from memory at no cost. Its
// errors are those of Oracle.Query, or say that there is no latency for a, which is then not
// charged.
func (o *DeviceOracle) Query(a Arch) (Measurement, error) {
	key, err := o.oracle.key(a)
	if err != nil {
		return Measurement{}, err
	}
	latency, err := o.latency(key)
	if err != nil {
		return Measurement{}, fmt.Errorf("query %s: %w", o.oracle.benchmark.Name(), err)
	}
	accuracy, err := o.oracle.Query(a)
	if err != nil {
		return Measurement{}, err
	}
	m, known := o.seen[key]
	if !known {
		m = Measurement{a, accuracy, latency}
		o.seen[key] = m
		o.log = append(o.log, m)
	}
	return m, nil
}

// Space is the space that the oracle answers for.
func (o *DeviceOracle) Space() Space { return o.oracle.Space() }

// Seen reports whether a, or an architecture that counts as the same, was queried before.
func (o *DeviceOracle) Seen(a Arch) bool { return o.oracle.Seen(a) }

// Budget is the number of distinct queries that the oracle was made for.
func (o *DeviceOracle) Budget() int { return o.oracle.Budget() }

// Remaining is the number of distinct queries left.
func (o *DeviceOracle) Remaining() int { return o.oracle.Remaining() }

// Log returns the distinct queries so far, oldest first. The caller must not change it.
func (o *DeviceOracle) Log() []Measurement { return o.log[:len(o.log):len(o.log)] }
