package cellnet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
)

func writeFile(t *testing.T, content []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// idx is a file in the form that MNIST's page describes.
func idx(data []byte, size ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(size))}
	for _, n := range size {
		file = binary.BigEndian.AppendUint32(file, n)
	}
	return append(file, data...)
}

// bytesFrom are n bytes that count up.
func bytesFrom(first, n int) (b []byte) {
	for i := range n {
		b = append(b, byte(first+i))
	}
	return b
}

func compressed(t *testing.T, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadMNIST(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, compressed(t, idx(bytesFrom(0, 12*6), 12, 2, 3)), dir, "train-images-idx3-ubyte.gz")
	writeFile(t, idx(bytesFrom(0, 12), 12), dir, "train-labels-idx1-ubyte")
	writeFile(t, idx(bytesFrom(100, 6), 1, 2, 3), dir, "t10k-images-idx3-ubyte")
	_, err := ReadMNIST(dir)
	expect.ErrorLine(t, err, "t10k-labels-idx1-ubyte", "no such file")
	writeFile(t, idx([]byte{7}, 1), dir, "t10k-labels-idx1-ubyte")
	images, err := ReadMNIST(dir)
	if err != nil {
		t.Fatal(err)
	}
	if images.Height != 2 || images.Width != 3 || images.Colours != 1 || images.Classes != 12 {
		t.Errorf("%d x %d pixels, %d colours, %d classes", images.Height, images.Width, images.Colours, images.Classes)
	}
	if images.Train.Len() != 10 || !slices.Equal(images.Validation.Labels, []int32{10, 11}) || images.Test.Len() != 1 {
		t.Errorf("%d images to train on, labels %v for validation, %d for testing",
			images.Train.Len(), images.Validation.Labels, images.Test.Len())
	}
	if got := images.Test.Pixels[5]; got != scaled(105) {
		t.Errorf("the last pixel is %v, want that of 105", got)
	}

	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"cut":            {idx(bytesFrom(0, 11), 12), "11 bytes of data where its head says 12"},
		"another number": {idx(bytesFrom(0, 3), 3), "3 labels for 12 images"},
		"a web page":     {[]byte("<html>not found</html>"), "not an IDX file"},
	} {
		writeFile(t, c.content, dir, "train-labels-idx1-ubyte")
		_, err := ReadMNIST(dir)
		t.Log(name)
		expect.ErrorLine(t, err, "train-labels-idx1-ubyte", c.want)
	}
}

func TestReadCIFAR10(t *testing.T) {
	dir := t.TempDir()
	batch := func(class byte) []byte {
		row := []byte{class}
		for _, colour := range []byte{10, 20, 30} {
			plane := bytes.Repeat([]byte{colour}, 1024)
			plane[1] = 255 // the second pixel of the first row
			row = append(row, plane...)
		}
		return row
	}
	for i := range 5 {
		writeFile(t, batch(byte(i)), dir, fmt.Sprintf("data_batch_%d.bin", i+1))
	}
	writeFile(t, append(batch(8), batch(9)...), dir, "test_batch.bin")
	images, err := ReadCIFAR10(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(images.Train.Labels, []int32{0, 1, 2, 3}) || !slices.Equal(images.Validation.Labels, []int32{4}) ||
		!slices.Equal(images.Test.Labels, []int32{8, 9}) {
		t.Errorf("labels %v, %v, %v", images.Train.Labels, images.Validation.Labels, images.Test.Labels)
	}
	want := []float32{scaled(10), scaled(20), scaled(30), 1, 1, 1, scaled(10)}
	if got := images.Test.Pixels[:7]; !slices.Equal(got, want) {
		t.Errorf("the first pixels are %v, want %v", got, want)
	}
	writeFile(t, batch(10), dir, "data_batch_3.bin")
	_, err = ReadCIFAR10(dir)
	expect.ErrorLine(t, err, "data_batch_3.bin", "image 1 has class 10")
	writeFile(t, batch(1)[:3000], dir, "data_batch_3.bin")
	_, err = ReadCIFAR10(dir)
	expect.ErrorLine(t, err, "data_batch_3.bin", "3000 bytes", "download the binary version again")
}

func TestReadFolder(t *testing.T) {
	dir := t.TempDir()
	picture := func(size int, grey uint8) []byte {
		p := image.NewGray(image.Rect(0, 0, size, 4))
		p.SetGray(0, 0, color.Gray{Y: grey})
		var out bytes.Buffer
		if err := png.Encode(&out, p); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for i := range 10 {
		writeFile(t, picture(5, 255), dir, "bright", fmt.Sprint(i, ".png"))
		writeFile(t, picture(5, 0), dir, "dark", fmt.Sprint(i, ".png"))
	}
	writeFile(t, []byte("notes"), dir, "README")
	writeFile(t, nil, dir, "dark", ".DS_Store")
	images, err := ReadFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if images.Height != 4 || images.Width != 5 || images.Colours != 3 || images.Classes != 2 ||
		images.Train.Len() != 12 || images.Validation.Len() != 4 || images.Test.Len() != 4 {
		t.Errorf("%d x %d pixels, %d colours, %d classes, %d, %d and %d images", images.Height, images.Width, images.Colours,
			images.Classes, images.Train.Len(), images.Validation.Len(), images.Test.Len())
	}
	for _, set := range []Set{images.Train, images.Validation, images.Test} {
		for i, label := range set.Labels {
			if bright := set.Pixels[i*4*5*3] == 1; bright != (label == 0) {
				t.Errorf("a picture of class %d begins with %v", label, set.Pixels[i*4*5*3])
			}
		}
	}
	writeFile(t, picture(6, 0), dir, "dark", "wide.png")
	_, err = ReadFolder(dir)
	expect.ErrorLine(t, err, "pixels, others have", "scale them to one size")
	writeFile(t, []byte("text"), dir, "dark", "wide.png")
	_, err = ReadFolder(dir)
	expect.ErrorLine(t, err, "wide.png", "unknown format")
	_, err = ReadFolder(filepath.Join(dir, "dark"))
	expect.ErrorLine(t, err, "dark", "0 pictures in 0 folders")
}
