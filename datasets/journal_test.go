package datasets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// digit is the only architecture of its space.
type digit struct{ Space }

func (digit) Name() string               { return "digit" }
func (digit) Canonical(a Arch) Arch      { return a }
func (digit) String() string             { return "1" }
func (digit) Parse(string) (Arch, error) { return digit{}, nil }

// A disk that is full in the middle of a search ends it with one line, which has what is not on the
// disk. Nothing is written after it, and the search never saw the answer.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	o, err := OpenOracle(t.Context(), digit{}, EvaluatorFunc(func(context.Context, Arch) (Measurement, error) {
		return Measurement{Accuracy: 50}, nil
	}), OracleOptions{Budget: 1, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.begin([]Arch{digit{}}, true); err != nil {
		t.Fatal(err)
	}
	whole := o.journal.file
	o.journal.file = full
	for range 2 {
		_, err = o.QueryAll()
		if !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), `"accuracy":50`) || len(o.Log()) > 0 {
			t.Errorf("a full disk: %v, log %v", err, o.Log())
		}
		o.journal.file = whole // there is room again, but half a line may stand there
	}
	o.Close()
	again, err := OpenOracle(t.Context(), digit{}, EvaluatorFunc(nil), OracleOptions{Budget: 1, Journal: path})
	if err != nil || len(again.Pending()) != 1 {
		t.Errorf("afterwards: %v", err)
	}
}
