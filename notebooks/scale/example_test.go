package scale_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// Notebooks ask for the configuration of the scale in $CRLSO_SCALE.
func ExampleConfig201() {
	for _, name := range scale.Names {
		config, err := scale.Config201(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(name, config.HiddenDim, config.Joint.Epochs)
	}
	// Output:
	// smoke 32 2
	// laptop 256 80
	// paper 512 200
}
