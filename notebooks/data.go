package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// data says which tables are embedded and which official files are there, and else how to get them.
// With -verify it compares those that are there with the embedded tables, with -rebuild it makes
// these anew.
func data(ctx context.Context, args []string) error {
	flags := newFlags("data")
	verifying := flags.Bool("verify", false, "")
	from := flags.String("rebuild", "", "")
	if names, err := parseNames(flags, args); err != nil {
		return err
	} else if len(names) > 0 {
		return fmt.Errorf("data takes no %q, but -verify, or -rebuild DIR", names)
	}
	switch {
	case *from != "":
		return rebuild(ctx, *from)
	case *verifying:
		return verify(ctx)
	}
	var official []source.Info
	for _, b := range tables() {
		official = append(official, b.official...)
		for _, info := range b.embedded {
			fmt.Printf("%s\n  holds:   %s\n  is in:   %s\n\n", info.Name, info.Holds, info.Path)
		}
	}
	fmt.Println("These are all that the notebooks need. Official files are compared with them by `go run ./notebooks data -verify`:")
	for _, info := range official {
		show(info)
	}
	return nil
}

func show(info source.Info) {
	fmt.Printf("\n%s\n  holds:   %s\n", info.Name, info.Holds)
	if info.Present {
		fmt.Printf("  present: %s\n", info.Path)
	} else {
		fmt.Printf("  missing: %s\n  to get:  %s\n", info.Path, info.Get)
	}
}

// table is what is embedded of a benchmark, and its official files.
type table struct {
	embedded, official []source.Info
}

func tables() []table {
	t201 := table{embedded: []source.Info{nasbench201.Embedded()}}
	for _, s := range nasbench201.Sources() {
		t201.official = append(t201.official, s.Info())
	}
	t101 := table{embedded: []source.Info{nasbench101.Embedded()}}
	for _, s := range nasbench101.Sources() {
		t101.official = append(t101.official, s.Info())
	}
	return []table{
		t201,
		{[]source.Info{nasbench201.EmbeddedHardware()}, []source.Info{nasbench201.HardwareSource()}},
		t101,
		{nasbench301.Embedded(), nasbench301.Sources()},
		{[]source.Info{nasbenchgraph.Embedded()}, []source.Info{nasbenchgraph.Wheel()}},
		{[]source.Info{analognasbench.Embedded()}, []source.Info{analognasbench.Wheel()}},
	}
}

// errDiffers is returned when official files do not agree with the embedded tables.
var errDiffers = errors.New("official files differ from the embedded tables, or cannot be read; the lines above say which, and the first architectures")

// verify compares each official file that is there with what is embedded.
func verify(ctx context.Context) error {
	var v verdicts
	for _, s := range nasbench201.Sources() {
		if !s.Info().Present {
			continue
		}
		for _, name := range nasbench201.DataSets() {
			n, first, err := compare(func(s nasbench201.Source) (datasets.Benchmark, error) {
				return nasbench201.Open(ctx, name, s, os.Stderr)
			}, nil, s)
			v.report(s.Info().Name+", "+name, n, first, err)
		}
	}
	if info := nasbench201.HardwareSource(); info.Present {
		for _, name := range nasbench201.DataSets() {
			n, first, err := nasbench201.HardwareDifferences(name, info.Path)
			v.report(info.Name+", "+name, n, first, err)
		}
	}
	for _, s := range nasbench101.Sources() {
		if !s.Info().Present {
			continue
		}
		n, first, err := compare(func(s nasbench101.Source) (datasets.Benchmark, error) {
			return nasbench101.Open(ctx, "test-as-label", s, os.Stderr)
		}, nil, s)
		v.report(s.Info().Name, n, first, err)
	}
	const version = "0.9" // the one that the embedded predictions are of
	if info := nasbench301.Official(version); info.Present {
		n, first, err := nasbench301.ReferenceDifferences(ctx, version, os.Stderr)
		v.report(info.Name, n, first, err)
	}
	v.packages()
	if v.made == 0 {
		fmt.Println("none of the official files is here; `go run ./notebooks data` says where they are looked for, and how to get them")
	}
	if v.differ {
		return errDiffers
	}
	return nil
}

// packages compares the Python packages of NAS-Bench-Graph and AnalogNAS-Bench.
func (v *verdicts) packages() {
	if info := nasbenchgraph.Wheel(); info.Present {
		for _, name := range nasbenchgraph.DataSets() {
			n, first, err := nasbenchgraph.WheelDifferences(name)
			v.report(info.Name+", "+name, n, first, err)
		}
	}
	if info := analognasbench.Wheel(); info.Present {
		n, first, err := analognasbench.WheelDifferences()
		v.report(info.Name, n, first, err)
	}
}

// verdicts counts comparisons with official files, and tells how each came out.
type verdicts struct {
	made   int
	differ bool // in one of them at least, or a file cannot be read
}

// report tells of one comparison how many architectures differ, and the first of them.
func (v *verdicts) report(what string, n int, first []string, err error) {
	v.made++
	switch {
	case err != nil:
		fmt.Printf("%s: %v\n", what, err)
	case n == 0:
		fmt.Printf("%s: agrees\n", what)
	default:
		fmt.Printf("%s: %d architectures differ\n", what, n)
		for _, difference := range first {
			fmt.Printf("  %s\n", difference)
		}
	}
	if err != nil || n != 0 {
		v.differ = true
	}
}

// compare opens a benchmark from two sources and returns how they differ.
func compare[S any](open func(S) (datasets.Benchmark, error), embedded, official S) (n int, first []string, err error) {
	a, err := open(embedded)
	if err != nil {
		return 0, nil, err
	}
	b, err := open(official)
	if err != nil {
		return 0, nil, err
	}
	return datasets.Differences(a, b)
}
