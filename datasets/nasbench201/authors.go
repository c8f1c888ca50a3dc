package nasbench201

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// AuthorsJSON is the file that the code of CR-LSO's authors reads: mean validation and test
// accuracy on all three data sets, in percent. It was made by the authors of NAR (Guo et al.,
// "Generalized Global Ranking-Aware Neural Architecture Ranker for Efficient Image Classifier
// Search", ACM MM 2022).
type AuthorsJSON struct {
	Path string // of the file; empty for its place in the cache
}

const authorsName = "nasbench201_with_edge_flops_and_params.json"

// Info implements Source.
func (s AuthorsJSON) Info() Info {
	return source.AuthorsJSON(s.path(), cached(authorsName), "mean validation and test accuracy over the training runs")
}

func (s AuthorsJSON) path() string { return cmp.Or(s.Path, cached(authorsName)) }

func (AuthorsJSON) id() string { return "authors" }

func (s AuthorsJSON) stamp() string { return source.Stamp(s.path()) }

func (s AuthorsJSON) fetch(context.Context, io.Writer) (string, error) {
	return s.Info().There("file")
}

func (AuthorsJSON) read(ctx context.Context, path string, t *Table, _ io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return t.readAuthors(ctx, file)
}

// authorsRecord is what is taken of a cell.
type authorsRecord struct {
	Name        string   `json:"arch_str"`
	CIFAR10Val  *float64 `json:"cifar10_val_acc"`
	CIFAR10Test *float64 `json:"cifar10_test_acc"`

	CIFAR100Val  *float64 `json:"cifar100_val_acc"`
	CIFAR100Test *float64 `json:"cifar100_test_acc"`

	ImageNet16Val  *float64 `json:"imagenet16_val_acc"`
	ImageNet16Test *float64 `json:"imagenet16_test_acc"`
}

func (r authorsRecord) accuracies(dataSet string) (val, test *float64) {
	switch dataSet {
	case "cifar10":
		return r.CIFAR10Val, r.CIFAR10Test
	case "cifar100":
		return r.CIFAR100Val, r.CIFAR100Test
	}
	return r.ImageNet16Val, r.ImageNet16Test
}

// readAuthors reads an object with a member for each cell, by official index.
func (t *Table) readAuthors(ctx context.Context, file io.Reader) error {
	t.hasTest = true
	content := pydata.NewJSON(file)
	err := content.EachMember(func(key string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		index, err := strconv.Atoi(key)
		if err != nil || index < 0 || index >= NumCells {
			return fmt.Errorf("the key %s is not the index of a cell, 0 to %d; want %s", pydata.Quote(key), NumCells-1, authorsName)
		}
		var r authorsRecord
		if err := content.Decode(&r); err != nil {
			return fmt.Errorf("cell %d: %w", index, err)
		}
		cell := Space{}.At(index).(Cell)
		if r.Name != cell.String() {
			return fmt.Errorf("cell %d: its arch_str is %s, want %v", index, pydata.Quote(r.Name), cell)
		}
		val, test := r.accuracies(t.data.name)
		if val == nil || test == nil {
			return fmt.Errorf("cell %d: %[2]s_val_acc or %[2]s_test_acc is missing", index, t.data.name)
		}
		return t.add(cell, datasets.Record{Val: *val, Test: *test})
	})
	if err == nil {
		err = content.End()
	}
	return err
}
