package nasbench201

import (
	"context"
	"io"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// Source is one of the files that accuracies can be read from beside the embedded table:
// [NATSBench], [HPOBench], [AuthorsJSON] or [Wheel].
type Source interface {
	// Info describes the source, and looks whether it is there.
	Info() Info

	// id is a short name for files that are made from the source.
	id() string

	// stamp changes when the content of the source does. It is "" if the source is not there and
	// its content not known beforehand.
	stamp() string

	// fetch returns the path of the source's file, and gets it first if it is not there.
	fetch(ctx context.Context, progress io.Writer) (path string, err error)

	// read adds all that the file holds of t's data set to t, and says whether there is test
	// accuracy.
	read(ctx context.Context, path string, t *Table, progress io.Writer) error
}

// Info is what a user may want to know of a source of accuracies.
type Info = source.Info

// Sources returns all sources of official accuracies, each as it is at its usual place: Open
// fetches none of these, and refuses what is not the official file.
func Sources() []Source {
	return []Source{NATSBench{}, HPOBench{asIs: true}, AuthorsJSON{}, Wheel{asIs: true}}
}

// cacheDir returns the folder for fetched and converted files.
func cacheDir() (string, error) { return source.Folder("nasbench201") }

// cached returns the path of a file in cacheDir, or just its name if there is no cache.
func cached(name string) string { return source.Place("nasbench201", name) }
