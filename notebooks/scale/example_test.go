package scale_test

import (
	"fmt"

	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// A notebook takes what differs between scales from Of.
func ExampleOf() {
	fmt.Println(scale.Of(2, 20, 30), "seeds,", scale.Config201().Joint.Epochs, "epochs at scale", scale.Current())
	// Output: 20 seeds, 80 epochs at scale laptop
}
