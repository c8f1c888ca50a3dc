package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/gomlx/compute"
)

// suite is what bench runs. Each benchmark is a process of its own, so that its peak of memory is
// its own too.
var suite = []benchmark{
	{dir: "datasets/nasbench201", function: "Open", time: "1s"},
	{dir: "datasets/nasbench101", function: "Open", time: "1s"},
	{dir: "datasets/nasbench101", function: "Enumerate", time: "2x"},
	{dir: "crlso", function: "NewModel", time: "5x"},
	{dir: "crlso", function: "JointEpoch", time: "4x"},
	{dir: "crlso", function: "Predictor", time: "2x"},
	{dir: "crlso", function: "EncodeSpace", time: "4x"},
	{dir: "crlso", function: "FineTune", time: "5x"},
	{dir: "crlso", function: "Search", time: "2x"},
	{dir: "crlso", function: "SearchSeeds", time: "1x"},
	{dir: "crlso", function: "Searches", time: "1x"},
	{dir: "crlso", function: "Convergence", time: "1x"},
	{dir: "crlso", function: "Compile", time: "1x"},
	{dir: "notebooks", function: "FirstOutput", time: "3x"},
	{dir: "notebooks", function: "Quickstart", time: "1x"},
}

// benchmark is a benchmark function of one of the project's packages.
type benchmark struct {
	dir, function string
	part          string // the sub-benchmark to run; "" is all
	time          string // how long or how often to run it: go test's -benchtime
}

// name is how users call the whole benchmark.
func (b benchmark) name() string { return path.Base(b.dir) + "." + b.function }

// bench runs benchmarks, prints what they measure and adds it to the record. It goes on after one
// that fails, and returns all failures.
func bench(ctx context.Context, args []string) error {
	var note, record string
	flags := newFlags("bench")
	flags.StringVar(&note, "note", "", "")
	flags.StringVar(&record, "o", "", "")
	names, err := parseNames(flags, args)
	if err != nil {
		return err
	}
	chosen, err := chooseBenchmarks(names)
	if err != nil {
		return err
	}
	p, err := findClone(ctx, "bench")
	if err != nil {
		return err
	}
	if record, err = p.openRecord(record); err != nil { // before anything that takes long
		return err
	}
	log, err := p.openLog("bench")
	if err != nil {
		return err
	}
	defer log.Close()
	circumstances, err := p.circumstances(ctx, record, note)
	if err != nil {
		return err
	}
	var failures []error
	for _, b := range chosen {
		circumstances["load"] = load()
		err := p.runBenchmark(ctx, b, log, func(m measurement) error {
			fmt.Println(m)
			return m.add(record, circumstances)
		})
		if err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Println(p.relative(record))
	return errors.Join(failures...)
}

// openRecord returns the record to add to, by default one that is not the project's own.
func (p *project) openRecord(record string) (string, error) {
	if record == "" {
		record = filepath.Join(p.runs(), "speed.csv")
		if err := os.MkdirAll(filepath.Dir(record), 0o777); err != nil {
			return "", fmt.Errorf("%w; choose another file with -o", err)
		}
	}
	return record, (measurement{}).add(record, nil)
}

// chooseBenchmarks returns those with these names, or all if there are none. After a slash, a name
// may go on with that of a sub-benchmark.
func chooseBenchmarks(names []string) ([]benchmark, error) {
	if len(names) == 0 {
		return suite, nil
	}
	var chosen []benchmark
	for _, name := range names {
		whole, part, _ := strings.Cut(name, "/")
		i := slices.IndexFunc(suite, func(b benchmark) bool { return b.name() == whole })
		if i < 0 {
			var known []string
			for _, b := range suite {
				known = append(known, b.name())
			}
			return nil, fmt.Errorf("there is no benchmark %q: the benchmarks are %s", name, strings.Join(known, ", "))
		}
		b := suite[i]
		b.part = part
		chosen = append(chosen, b)
	}
	return chosen, nil
}

// pluginPath is what the description of XLA has between its name and the version of the plugin's
// interface.
var pluginPath = regexp.MustCompile(`^(xla):.*( v[\d.]+) \[.*`)

// circumstances returns what the record tells of all benchmarks of this command.
func (p *project) circumstances(ctx context.Context, record, note string) (map[string]string, error) {
	if _, err := backend.PreparePlugin(ctx, os.Stderr); ctx.Err() != nil {
		return nil, err // any other reason not to have XLA is told by backend.New
	}
	if !strings.HasPrefix(os.Getenv(compute.ConfigEnvVar), "xla") {
		os.Setenv(compute.ConfigEnvVar, "xla:cpu") // as the benchmarks have it
	}
	backend, err := backend.New()
	if err != nil {
		return nil, err
	}
	defer backend.Finalize()
	commit, err := p.ask(ctx, "git", "rev-parse", "--short=10", "HEAD")
	if err != nil {
		commit = "unknown"
	} else if _, err := p.ask(ctx, "git", "diff", "--quiet", "HEAD", "--", ".", ":!"+p.relative(record)); err != nil {
		commit += "+"
	}
	version, err := p.ask(ctx, "go", "env", "GOVERSION")
	return map[string]string{
		"date":    time.Now().UTC().Format(time.DateTime),
		"commit":  commit,
		"go":      strings.TrimPrefix(version, "go"),
		"gomlx":   p.module(ctx, "github.com/gomlx/gomlx"),
		"backend": pluginPath.ReplaceAllString(backend.Description(), "$1$2"),
		"note":    note,
	}, err
}

// load returns the mean number of processes that ran or waited to run in the last minute; "" where
// the system does not say.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// runBenchmark runs a benchmark and hands over its results as they come.
func (p *project) runBenchmark(ctx context.Context, b benchmark, log *os.File, each func(measurement) error) error {
	pattern := "^Benchmark" + b.function + "$"
	if b.part != "" {
		pattern += "/^" + regexp.QuoteMeta(b.part) + "$"
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", b.time, "-timeout", "2h", "./"+b.dir)
	cmd.Dir, cmd.Stderr = p.root, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go test does not tell the test to stop
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.name(), err)
	}
	reading := readMeasurements(io.TeeReader(stdout, log), path.Base(b.dir), each)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: interrupted", b.name())
	case err != nil: // before reading: the line of a benchmark that fails is no measurement
		return fmt.Errorf("%s: go test: %w (log: %s)", b.name(), err, p.relative(log.Name()))
	case reading != nil:
		return fmt.Errorf("%s: %w (log: %s)", b.name(), reading, p.relative(log.Name()))
	}
	return nil
}

// newFlags returns the flags of a command, which parseNames is to parse.
func newFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseNames takes flags before, between and after names, and returns the names.
func parseNames(flags *flag.FlagSet, args []string) (names []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			if !errors.Is(err, flag.ErrHelp) {
				var known []string
				flags.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
				err = fmt.Errorf("%s: %w: its flags are %s", flags.Name(), err, strings.Join(known, " and "))
			}
			return nil, err
		}
		if flags.NArg() == 0 {
			return names, nil
		}
		names = append(names, flags.Arg(0))
		args = flags.Args()[1:]
	}
}
