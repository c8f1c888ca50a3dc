package nasbench201

import (
	"encoding/json"
	"os"
	"testing"
)

// reference returns the embedded table.
func reference(t *testing.T, dataSet string) *Table {
	t.Helper()
	return openTable(t, dataSet, nil)
}

func openTable(t *testing.T, dataSet string, source Source) *Table {
	t.Helper()
	table, err := Open(t.Context(), dataSet, source, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Splits in official files, after the last epoch.
const (
	xValid = "x-valid@199"
	xTest  = "x-test@199"
)

// officialRecord is what the official NATS-Bench files hold of one cell: accuracies by training set
// and seed, as in "cifar100|777", and by split, as in "x-valid@199".
type officialRecord struct {
	Index      int
	Accuracies map[string]map[string]float64
}

// officialRecords returns the official records of three cells.
func officialRecords(t testing.TB) []officialRecord {
	t.Helper()
	content, err := os.ReadFile("testdata/official.json")
	if err != nil {
		t.Fatal(err)
	}
	var cells map[string]map[string]json.RawMessage
	if err := json.Unmarshal(content, &cells); err != nil {
		t.Fatal(err)
	}
	var records []officialRecord
	for _, cell := range cells {
		record := officialRecord{Accuracies: map[string]map[string]float64{}}
		for key, value := range cell {
			if key == "arch_index" {
				if err := json.Unmarshal(value, &record.Index); err != nil {
					t.Fatal(err)
				}
			}
			var run struct {
				Accuracies map[string]float64 `json:"eval_acc1es@199"`
			}
			if json.Unmarshal(value, &run) == nil && run.Accuracies != nil {
				record.Accuracies[key] = run.Accuracies
			}
		}
		records = append(records, record)
	}
	if len(records) != 3 {
		t.Fatalf("%d official records, want 3", len(records))
	}
	return records
}
