package cellnet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats that ReadFolder reads
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// mnistValidation and cifarBatches are the splits of the official training sets: the last images
// are for validation.
const (
	mnistValidation = 10_000
	cifarBatches    = 5 // the last one is for validation
)

// knownPixels has the SHA-256 of the pixels to train on of datasets in MNIST's form, for their
// names.
var knownPixels = map[string]string{
	"741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757": "mnist",
	"2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012": "fashion-mnist",
}

// ReadMNIST reads MNIST, or another dataset that is published in its form such as Fashion-MNIST,
// from a folder with its four official files, train-images-idx3-ubyte and so on, compressed (.gz)
// or not. The last 10,000 images of the training set are for validation, the last sixth where there
// are fewer than 60,000. The name is "mnist" or "fashion-mnist" if the images to train on are
// theirs, byte for byte, and else the folder's.
func ReadMNIST(dir string) (Images, error) {
	images := Images{Name: filepath.Base(dir), Colours: 1}
	train, err := images.readIDX(dir, "train")
	if err != nil {
		return Images{}, err
	}
	images.Train, images.Validation = images.split(train, min(mnistValidation, train.Len()/6))
	if images.Test, err = images.readIDX(dir, "t10k"); err != nil {
		return Images{}, err
	}
	for _, set := range []Set{images.Train, images.Validation, images.Test} {
		for _, label := range set.Labels {
			images.Classes = max(images.Classes, int(label)+1)
		}
	}
	return images, nil
}

// readIDX reads the images and the labels of a part, "train" or "t10k", and sets the size that they
// have.
func (i *Images) readIDX(dir, part string) (Set, error) {
	pixels, size, err := readIDXFile(filepath.Join(dir, part+"-images-idx3-ubyte"), 3)
	if err != nil {
		return Set{}, err
	}
	if name, ok := knownPixels[fmt.Sprintf("%x", sha256.Sum256(pixels))]; ok {
		i.Name = name
	}
	path := filepath.Join(dir, part+"-labels-idx1-ubyte")
	labels, number, err := readIDXFile(path, 1)
	switch {
	case err != nil:
		return Set{}, err
	case number[0] != size[0]:
		return Set{}, fmt.Errorf("%s: %d labels for %d images", path, number[0], size[0])
	case i.Height != 0 && (i.Height != size[1] || i.Width != size[2]):
		return Set{}, fmt.Errorf("%s: images of %d x %d pixels in %s, of %d x %d in train",
			dir, size[1], size[2], part, i.Height, i.Width)
	}
	i.Height, i.Width = size[1], size[2]
	set := Set{Pixels: make([]float32, len(pixels)), Labels: make([]int32, len(labels))}
	for j, value := range pixels {
		set.Pixels[j] = scaled(value)
	}
	for j, label := range labels {
		set.Labels[j] = int32(label)
	}
	return set, nil
}

// readIDXFile reads a file of bytes with this many axes, in the form that MNIST's page describes:
// two zeros, the type 8, the number of axes, each axis's size as 4 bytes, the highest first, the
// bytes.
func readIDXFile(path string, axes int) (content []byte, size []int, err error) {
	content, err = source.ReadMaybeGzipped(path)
	if errors.As(err, new(*fs.PathError)) {
		return nil, nil, err
	} else if err != nil {
		return nil, nil, fmt.Errorf("%w: download it again", err)
	}
	head := 4 + 4*axes
	if len(content) < head || !bytes.Equal(content[:4], []byte{0, 0, 8, byte(axes)}) {
		return nil, nil, fmt.Errorf("%s: not an IDX file of bytes with %d axes, as MNIST's are", path, axes)
	}
	want := 1
	for axis := range axes {
		size = append(size, int(binary.BigEndian.Uint32(content[4+4*axis:])))
		want *= size[axis]
	}
	if content = content[head:]; len(content) != want {
		return nil, nil, fmt.Errorf("%s: %d bytes of data where its head says %d: download it again", path, len(content), want)
	}
	return content, size, nil
}

// ReadCIFAR10 reads the binary version of CIFAR-10 (A. Krizhevsky, 2009) from a folder with
// data_batch_1.bin to data_batch_5.bin and test_batch.bin. Batch 5 is for validation.
func ReadCIFAR10(dir string) (Images, error) {
	images := Images{Name: "cifar10", Height: 32, Width: 32, Colours: 3, Classes: 10}
	for batch := range cifarBatches {
		set := &images.Train
		if batch == cifarBatches-1 {
			set = &images.Validation
		}
		if err := set.addCIFAR(filepath.Join(dir, fmt.Sprintf("data_batch_%d.bin", batch+1))); err != nil {
			return Images{}, err
		}
	}
	if err := images.Test.addCIFAR(filepath.Join(dir, "test_batch.bin")); err != nil {
		return Images{}, err
	}
	return images, nil
}

// addCIFAR adds the images of a file: for each a byte that is its class, and 1,024 of red, of green
// and of blue, row after row.
func (s *Set) addCIFAR(path string) error {
	const plane, row = 32 * 32, 1 + 3*32*32
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(content) == 0 || len(content)%row != 0 {
		return fmt.Errorf("%s: %d bytes, want %d for each image: download the binary version again", path, len(content), row)
	}
	for i := range len(content) / row {
		picture := content[i*row:][:row]
		if picture[0] > 9 {
			return fmt.Errorf("%s: image %d has class %d, want 0 to 9", path, i+1, picture[0])
		}
		s.Labels = append(s.Labels, int32(picture[0]))
		for pixel := range plane {
			for colour := range 3 {
				s.Pixels = append(s.Pixels, scaled(picture[1+colour*plane+pixel]))
			}
		}
	}
	return nil
}

// ReadFolder reads pictures (PNG, JPEG, GIF), all of one size, from a folder with one folder for
// each class. Of a random order drawn once, the last fifth is for testing and the fifth before it
// for validation. Files whose names begin with a dot are left out.
func ReadFolder(dir string) (Images, error) {
	images := Images{Name: filepath.Base(dir), Colours: 3}
	classes, err := os.ReadDir(dir)
	if err != nil {
		return Images{}, err
	}
	type picture struct {
		path  string
		class int32
	}
	var pictures []picture
	for _, class := range classes {
		if !class.IsDir() || strings.HasPrefix(class.Name(), ".") {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(dir, class.Name()))
		if err != nil {
			return Images{}, err
		}
		for _, entry := range entries {
			if !strings.HasPrefix(entry.Name(), ".") {
				path := filepath.Join(dir, class.Name(), entry.Name())
				pictures = append(pictures, picture{path, int32(images.Classes)})
			}
		}
		images.Classes++
	}
	if images.Classes < 2 || len(pictures) < 5 {
		return Images{}, fmt.Errorf("%s: %d pictures in %d folders, want a folder for each of two classes or more, and five pictures",
			dir, len(pictures), images.Classes)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(pictures), func(i, j int) { pictures[i], pictures[j] = pictures[j], pictures[i] })
	var all Set
	for _, p := range pictures {
		if err := images.add(&all, p.path); err != nil {
			return Images{}, err
		}
		all.Labels = append(all.Labels, p.class)
	}
	fifth := max(1, all.Len()/5)
	rest, test := images.split(all, fifth)
	images.Train, images.Validation = images.split(rest, fifth)
	images.Test = test
	return images, nil
}

// add adds the pixels of a picture to a set. The first one says which size all have.
func (i *Images) add(set *Set, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	box := picture.Bounds()
	if i.Height == 0 {
		i.Height, i.Width = box.Dy(), box.Dx()
	}
	if box.Dy() != i.Height || box.Dx() != i.Width {
		return fmt.Errorf("%s: %d x %d pixels, others have %d x %d: scale them to one size", path, box.Dy(), box.Dx(), i.Height, i.Width)
	}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			set.Pixels = append(set.Pixels, scaled(byte(r>>8)), scaled(byte(g>>8)), scaled(byte(b>>8)))
		}
	}
	return nil
}

// split returns all but the last n images, and those.
func (i *Images) split(set Set, n int) (first, last Set) {
	size, at := i.Height*i.Width*i.Colours, set.Len()-n
	return Set{set.Pixels[:at*size], set.Labels[:at]}, Set{set.Pixels[at*size:], set.Labels[at:]}
}

func scaled(value byte) float32 { return float32(value)/127.5 - 1 }
