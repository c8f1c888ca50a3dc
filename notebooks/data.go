package main

import (
	"context"
	"fmt"
	"os"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/standin"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// data says of each source of data whether it is there, and else how to get it.
func data() error {
	fmt.Println("NAS-Bench-201, used in this order:")
	for _, source := range nasbench201.Sources() {
		show(source.Info())
	}
	fmt.Println("\nLatencies of the cells of NAS-Bench-201, used in this order:")
	for _, info := range nasbench201.HardwareSources() {
		show(info)
	}
	fmt.Println("\nNAS-Bench-101:")
	for _, source := range nasbench101.Sources() {
		show(source.Info())
	}
	fmt.Println("\nNAS-Bench-301, accuracies of different sources must not be compared:")
	for _, info := range nasbench301.Sources() {
		show(info)
	}
	return nil
}

func show(info source.Info) {
	fmt.Printf("\n  %s\n    holds:   %s\n", info.Name, info.Holds)
	if info.Present {
		fmt.Printf("    present: %s\n", info.Path)
	} else {
		fmt.Printf("    missing: %s\n", info.Get)
	}
}

// standIn fits the stand-in for the surrogate of NAS-Bench-301 if it is not there, and says what it is worth.
func standIn(ctx context.Context) error {
	if _, err := crlso.PreparePlugin(ctx, os.Stderr); ctx.Err() != nil {
		return err // any other reason not to have XLA is told by NewBackend
	}
	backend, err := crlso.NewBackend()
	if err != nil {
		return err
	}
	s, err := standin.Open(ctx, backend, os.Stderr)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n%s\n", s.Name(), s.Source(), nasbench301.StandInPath())
	return nil
}
