package nasbench101

import (
	"context"
	"io"
	"math"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// Source is one of the files that accuracies can be read from beside the embedded table: [TFRecord]
// or [AuthorsJSON].
type Source interface {
	// Info describes the source, and looks whether it is there.
	Info() Info

	// id is a short name for files that are made from the source.
	id() string

	// stamp changes when the content of the source does. It is "" if the source is not there and
	// its content not known beforehand.
	stamp() string

	// valRuns is how many training runs of a cell have a validation accuracy in the source.
	valRuns() int

	// fetch returns the path of the source's file, and gets it first if it is not there.
	fetch(ctx context.Context, progress io.Writer) (path string, err error)

	// read returns all that the file holds after 108 epochs.
	read(ctx context.Context, path string, progress io.Writer) (*accuracies, error)
}

// Info is what a user may want to know of a source of accuracies.
type Info = source.Info

// Sources returns all sources of official accuracies, each as it is at its usual place: Open
// fetches none of these, and refuses what is not the official file.
func Sources() []Source { return []Source{TFRecord{asIs: true}, AuthorsJSON{}} }

// accuracies are what a source holds of all cells, in percent: cell after cell in the order of
// [Enumerate], and for each so many values. A value that the source does not have is NaN.
type accuracies struct {
	Val, Test         []float64
	ValRuns, TestRuns int // training runs of each cell that there are values of; 0 for one value, their mean
}

func newAccuracies(valRuns, testRuns int) *accuracies {
	return &accuracies{
		Val:      missing(NumCells * max(valRuns, 1)),
		Test:     missing(NumCells * max(testRuns, 1)),
		ValRuns:  valRuns,
		TestRuns: testRuns,
	}
}

func missing(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// cacheDir returns the folder for fetched and converted files.
func cacheDir() (string, error) { return source.Folder("nasbench101") }

// cached returns the path of a file in cacheDir, or just its name if there is no cache.
func cached(name string) string { return source.Place("nasbench101", name) }
