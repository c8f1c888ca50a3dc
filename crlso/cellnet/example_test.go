package cellnet_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/crlso/cellnet"
)

// The digits are in the project: 8 x 8 pixels, for trainings of a second.
func ExampleDigits() {
	images, err := cellnet.Digits()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(images.Train.Len(), "to train on,", images.Validation.Len(), "for validation,", images.Test.Len(), "for testing")
	// Output: 1000 to train on, 400 for validation, 397 for testing
}
