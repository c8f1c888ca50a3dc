package nasbench101

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// Accuracies are whole numbers of images, but they are published as fractions with 7 decimals of
// which the last is off by one for a tenth of the cells, since they were averaged in single
// precision. It is kept, so that results stay the same to the last digit.
const (
	valImages  = 9984           // of validation in one run
	testImages = numRuns * 9984 // of test in three runs
	unknown    = 0              // in place of a validation accuracy; none is that low
	perOne     = 10_000_000     // of the last published digit
)

// accuraciesFile holds, in the order of [Enumerate], test, how many of testImages the three runs of
// a cell have right; last_digit, what is to be added to the last published digit of that fraction;
// val, how many of valImages one run has right, or unknown. [Pack] makes it, and embedded/README.md
// says where from.
//
//go:embed embedded/accuracies.npz
var accuraciesFile []byte

// Embedded describes the table that is part of this package.
func Embedded() Info {
	return Info{
		Name:    "embedded NAS-Bench-101 table",
		Holds:   "mean test accuracy over three training runs; validation accuracy of one run of 30,001 cells",
		Path:    "datasets/nasbench101/embedded/accuracies.npz",
		Present: true,
	}
}

// embedded returns the embedded accuracies.
func embedded() (*accuracies, error) {
	file, err := source.OpenArrays(accuraciesFile)
	if err != nil {
		return nil, err
	}
	test, err := source.ReadArray[uint16](file, "test", NumCells)
	if err != nil {
		return nil, err
	}
	digit, err := source.ReadArray[int8](file, "last_digit", NumCells)
	if err != nil {
		return nil, err
	}
	val, err := source.ReadArray[uint16](file, "val", NumCells)
	if err != nil {
		return nil, err
	}
	a := newAccuracies(1, 0)
	for i := range a.Test {
		a.Test[i] = 100 * ((testDigits(test[i]) + float64(digit[i])) / perOne)
		if val[i] != unknown {
			a.Val[i] = 100 * (valDigits(val[i]) / perOne)
		}
	}
	return a, nil
}

// testDigits and valDigits return a fraction of images in units of its last published digit.
func testDigits(images uint16) float64 { return math.Round(perOne * float64(images) / testImages) }
func valDigits(images uint16) float64 {
	return math.RoundToEven(perOne * float64(float32(float64(images)/valImages)))
}

// Pack returns the content of embedded/accuracies.npz, made of the reference table. It is an error
// if that holds an accuracy that is no whole number of images.
func Pack(ctx context.Context, table ReferenceCSV, progress io.Writer) ([]byte, error) {
	a, err := table.read(ctx, table.Path, progress)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return nil, fmt.Errorf("pack NAS-Bench-101: %s: %w", table.Path, err)
	}
	test, digit, val := make([]uint16, NumCells), make([]int8, NumCells), make([]uint16, NumCells)
	for i := range test {
		digits := math.Round(a.Test[i] / 100 * perOne)
		test[i] = uint16(math.Round(digits / perOne * testImages))
		more := digits - testDigits(test[i])
		digit[i] = int8(more)
		if math.Abs(more) > 1 {
			return nil, fmt.Errorf("pack NAS-Bench-101: cell %v: test accuracy %v %% is no whole number of %d images", Cell{allCodes()[i]}, a.Test[i], testImages)
		}
		if math.IsNaN(a.Val[i]) {
			continue
		}
		digits = math.Round(a.Val[i] / 100 * perOne)
		val[i] = uint16(math.Round(digits / perOne * valImages))
		if val[i] == unknown || valDigits(val[i]) != digits {
			return nil, fmt.Errorf("pack NAS-Bench-101: cell %v: validation accuracy %v %% is no whole number of %d images", Cell{allCodes()[i]}, a.Val[i], valImages)
		}
	}
	return source.PackArrays([]source.Array{{Name: "test", Values: test}, {Name: "last_digit", Values: digit}, {Name: "val", Values: val}})
}
