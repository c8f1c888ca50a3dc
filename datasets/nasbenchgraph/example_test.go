package nasbenchgraph_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// Random search for 100 queries.
func Example() {
	table, err := nasbenchgraph.Open("cora")
	if err != nil {
		log.Fatal(err)
	}
	oracle, err := datasets.NewOracle(table, 100, datasets.MeanLabel)
	if err != nil {
		log.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 0))
	for oracle.Remaining() > 0 {
		if _, err := oracle.Query(oracle.Space().Sample(rng)); err != nil {
			log.Fatal(err)
		}
	}
	oracle.Close()
	report, err := datasets.NewReport(oracle, table)
	if err != nil {
		log.Fatal(err)
	}
	final := report.Final()
	fmt.Println(final.Incumbent)
	fmt.Printf("validation %.2f %%, %.2f points below the best; test %.2f %%\n", final.Val, final.Regret, final.Test)
	// Output:
	// [0, 1, 2, 2] ['cheb', 'gin', 'graph', 'gcn']
	// validation 80.80 %, 1.13 points below the best; test 79.03 %
}

// The architecture of the benchmark's README, and another way to write it.
func ExampleParseArch() {
	for _, text := range []string{
		"Arch([0, 1, 2, 1], ['gcn', 'gin', 'fc', 'cheb'])",
		"Arch([0, 1, 1, 3], ['gcn', 'cheb', 'gin', 'fc'])",
	} {
		arch, err := nasbenchgraph.ParseArch(text)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(arch.Key(), nasbenchgraph.Space{}.Canonical(arch))
	}
	// Output:
	// 61237 [0, 1, 1, 2] ['gcn', 'gin', 'cheb', 'fc']
	// 61237 [0, 1, 1, 2] ['gcn', 'gin', 'cheb', 'fc']
}

// Accuracy against latency: a search of this benchmark makes both good.
func ExampleTable_WithLatency() {
	table, err := nasbenchgraph.Open("arxiv")
	if err != nil {
		log.Fatal(err)
	}
	arch, err := nasbenchgraph.ParseArch("[0, 1, 2, 3] ['skip', 'skip', 'gcn', 'gcn']")
	if err != nil {
		log.Fatal(err)
	}
	benchmark := table.WithLatency()
	record, err := benchmark.Lookup(arch)
	if err != nil {
		log.Fatal(err)
	}
	latency, err := benchmark.Cost(arch)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: validation %.2f %%, %s %.2f\n", benchmark.Name(), record.Val, benchmark.CostName(), latency)
	// Output: NAS-Bench-Graph ogbn-arxiv on the authors' machine: validation 71.67 %, latency (ms) 35.74
}
