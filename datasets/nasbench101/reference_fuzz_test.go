package nasbench101

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
	allEntries() // which an input would have to wait for, longer than the engine lets it
	f.Add("hash,n,adj,ops,test_acc,val_acc_1run\n00005c142e6f48ac74fdcf73e3439874,7,100110100001001010010,02100,0.92,0.93\n")
	f.Add("hash,n,adj,ops,test_acc,val_acc_1run\n\"00\n\",2,1,,nan,\n")
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
		ReferenceCSV{}.read(t.Context(), path, io.Discard)
	})
}
