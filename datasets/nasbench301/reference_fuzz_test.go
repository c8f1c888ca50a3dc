package nasbench301

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
	const cell = "sep_conv_3x3~0|sep_conv_3x3~1|sep_conv_3x3~0|sep_conv_3x3~1|sep_conv_3x3~1|skip_connect~0|skip_connect~0|dil_conv_3x3~2"
	f.Add("normal,reduce,val_acc_pred\n" + cell + "," + cell + ",93.1\n")
	f.Add("normal,reduce,val_acc_pred\n\"\n\",~|,nan\n")
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
		if rows, err := readReference(path); err == nil {
			checkReference(rows)
		}
	})
}
