package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/standin"
	"github.com/cr-lso/cr-lso/datasets/analognasbench"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// rebuild makes each embedded file anew from the reference tables or official files in a folder,
// compares it with the one that is there, and writes it if it differs. The program that runs holds
// the old ones: a second run makes what depends on them.
func rebuild(ctx context.Context, from string) error {
	p, err := findClone(ctx, "data -rebuild")
	if err != nil {
		return err
	}
	if _, err := os.Stat(from); err != nil { // before anything is fetched
		return err
	}
	in := func(name string) string { return filepath.Join(from, name) }
	for _, file := range []struct {
		path string
		pack func() ([]byte, error)
	}{ // first what needs nothing from the folder
		{nasbenchgraph.Embedded().Path, func() ([]byte, error) { return nasbenchgraph.Pack(ctx, os.Stderr) }},
		{analognasbench.Embedded().Path, func() ([]byte, error) { return analognasbench.Pack(ctx, os.Stderr) }},
		{nasbench201.Embedded().Path, func() ([]byte, error) {
			return nasbench201.Pack(ctx, published(in), os.Stderr)
		}},
		{nasbench201.EmbeddedHardware().Path, func() ([]byte, error) {
			return packHardware(either(in, "nb201_hwnasbench.csv.gz", "HW-NAS-Bench-v1_0.pickle"))
		}},
		{nasbench101.Embedded().Path, func() ([]byte, error) {
			return nasbench101.Pack(ctx, nasbench101.ReferenceCSV{Path: in("nb101.csv.gz")}, os.Stderr)
		}},
		{nasbench301.Embedded()[0].Path, func() ([]byte, error) {
			return nasbench301.PackReference(in("nb301_xgb_v0.9_10k.csv.gz"))
		}},
		{nasbench301.Embedded()[1].Path, func() ([]byte, error) { return packStandIn(ctx) }},
	} {
		content, err := file.pack()
		if err == nil {
			err = replace(filepath.Join(p.root, file.path), content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// published is the source of the test accuracies of NAS-Bench-201: the reference table or the
// benchmark's own files.
func published(in func(name string) string) nasbench201.Source {
	const table, folder = "nb201.csv.gz", "NATS-tss-v1_0-3ffb9-simple"
	path := either(in, table, folder, folder+".tar")
	if filepath.Base(path) == table {
		return nasbench201.ReferenceCSV{Path: path}
	}
	return nasbench201.NATSBench{Path: path}
}

// either returns the path of the first of some files that is there, else of the first.
func either(in func(name string) string, names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(in(name)); err == nil {
			return in(name)
		}
	}
	return in(names[0])
}

func packHardware(path string) ([]byte, error) {
	var all []*nasbench201.Hardware
	for _, name := range nasbench201.DataSets() {
		h, err := nasbench201.ReadHardware(name, path)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return nasbench201.PackHardware(all)
}

func packStandIn(ctx context.Context) ([]byte, error) {
	if _, err := backend.PreparePlugin(ctx, os.Stderr); ctx.Err() != nil {
		return nil, err // any other reason not to have XLA is told by backend.New
	}
	backend, err := backend.New()
	if err != nil {
		return nil, err
	}
	fit, err := standin.Refit(ctx, backend, os.Stderr)
	if err != nil {
		return nil, err
	}
	return nasbench301.PackStandIn(fit)
}

// replace writes a file unless it has that content, and says which.
func replace(path string, content []byte) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if bytes.Equal(old, content) {
		fmt.Printf("%s: as it was, %d bytes\n", path, len(content))
		return nil
	}
	fmt.Printf("%s: changed, %d bytes before and %d now\n", path, len(old), len(content))
	return source.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
