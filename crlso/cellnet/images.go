package cellnet

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Images are images of one size, with their classes.
type Images struct {
	Name                   string
	Height, Width, Colours int
	Classes                int

	Train, Validation, Test Set
}

// Set is a part of the images.
type Set struct {
	Pixels []float32 // image after image, row after row, colour after colour; about -1 to 1
	Labels []int32   // 0 to Classes-1
}

// Len is the number of images.
func (s Set) Len() int { return len(s.Labels) }

// First returns the images with the first ones alone to train on and for validation, for shorter
// trainings. It panics if there are not as many.
func (i Images) First(train, validation int) Images {
	first := func(s Set, n int) Set { return Set{s.Pixels[:n*i.size()], s.Labels[:n]} }
	i.Train, i.Validation = first(i.Train, train), first(i.Validation, validation)
	return i
}

// Joined returns the images with those for validation among those to train on too, for the training
// of what was found. The accuracy on Validation says nothing after it; that on Test does.
func (i Images) Joined() Images {
	i.Train = Set{slices.Concat(i.Train.Pixels, i.Validation.Pixels), slices.Concat(i.Train.Labels, i.Validation.Labels)}
	return i
}

// size is the number of values of an image.
func (i Images) size() int { return i.Height * i.Width * i.Colours }

// digitsFile is digits.csv.gz as scikit-learn 1.5.2 has it: the test set of the UCI dataset
// "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998; CC BY 4.0), unchanged.
//
//go:embed digits.csv.gz
var digitsFile []byte

const (
	digitsTrain      = 1000
	digitsValidation = 400
)

// Digits returns the 1,797 handwritten digits of 8 x 8 pixels from the UCI repository: 1,000 to
// train on, 400 for validation and 397 for testing, in an order that was drawn once.
func Digits() (Images, error) {
	in, err := gzip.NewReader(bytes.NewReader(digitsFile))
	if err != nil {
		return Images{}, fmt.Errorf("digits: %w", err)
	}
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return Images{}, fmt.Errorf("digits: %w", err)
	}
	images := Images{Name: "digits", Height: 8, Width: 8, Colours: 1, Classes: 10}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for i, row := range rows {
		set := &images.Test
		switch {
		case i < digitsTrain:
			set = &images.Train
		case i < digitsTrain+digitsValidation:
			set = &images.Validation
		}
		for j, text := range row {
			value, err := strconv.ParseFloat(text, 32)
			if err != nil {
				return Images{}, fmt.Errorf("digits: %w", err)
			}
			if j < 64 {
				set.Pixels = append(set.Pixels, float32(value)/8-1)
			} else {
				set.Labels = append(set.Labels, int32(value))
			}
		}
	}
	return images, nil
}
