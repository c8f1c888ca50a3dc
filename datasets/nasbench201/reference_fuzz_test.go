package nasbench201

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// No table makes its reader panic or hang.
func FuzzReferenceCSV(f *testing.F) {
	f.Add("index,arch_str,ops,cifar10_val,cifar10_test\n0," + official[0] + ",421211,81.98,85.86\n")
	f.Add("index,arch_str,ops,cifar10_val,cifar10_test\n\"0\n\",,,nan,1e999\n")
	path := filepath.Join(f.TempDir(), "table.csv.gz")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		zipped := gzip.NewWriter(file)
		_, err = io.WriteString(zipped, text)
		if err := errors.Join(err, zipped.Close(), file.Close()); err != nil {
			t.Fatal(err)
		}
		ReferenceCSV{}.read(t.Context(), path, newTable(dataSets[0], "ReferenceCSV"), io.Discard)
	})
}
