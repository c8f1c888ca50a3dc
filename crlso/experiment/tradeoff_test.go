package experiment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

func tradeoffPlan(t *testing.T) TradeoffPlan {
	t.Helper()
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return TradeoffPlan{
		Methods:   []TradeoffMethod{{"random", search.Random{}}, {"NSGA-II", search.NSGA2{Population: 4}}},
		Devices:   []Device{{"stopwatch", func(a datasets.Arch) (float64, error) { return float64(len(a.String())), nil }}},
		Benchmark: table, Seeds: 3, Budget: 9,
	}
}

// The logs come back from the folder as they were, and only what is missing is searched again: to
// the same end. All methods begin with the same architectures.
func TestRunTradeoffs(t *testing.T) {
	dir, plan := t.TempDir(), tradeoffPlan(t)
	first, err := RunTradeoffs(t.Context(), dir, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := first["stopwatch"]["random"][2], first["stopwatch"]["NSGA-II"][2]; len(a) != 9 || !reflect.DeepEqual(a[:4], b[:4]) {
		t.Errorf("%v and %v begin differently", a, b)
	}
	lost := filepath.Join(dir, "stopwatch", "NSGA-II", "1.csv")
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	second, err := RunTradeoffs(t.Context(), dir, plan, nil)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("other logs the second time, %v", err)
	}

	if err := os.WriteFile(lost, []byte("arch,accuracy,latency_ms\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := RunTradeoffs(t.Context(), dir, plan, nil); err == nil || !strings.Contains(err.Error(), "0 queries, want 9") || !strings.Contains(err.Error(), lost) {
		t.Errorf("a log without queries: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RunTradeoffs(ctx, t.TempDir(), plan, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
