package supervise_test

import (
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

// After Begin, programs are started with the mark, and end with this process. What is the user's
// own is started without.
func ExampleBegin() {
	supervise.Watcher() // in main, before anything else
	if err := supervise.Begin(); err != nil {
		log.Fatal(err)
	}
	for _, env := range [][]string{os.Environ(), supervise.Unmarked(os.Environ())} {
		cmd := exec.Command("sh", "-c", "echo ${CRLSO_SUPERVISED:+ends with its parent}")
		cmd.Env = env
		said, err := cmd.Output()
		fmt.Printf("%q, error: %v\n", said, err)
	}
	// Output:
	// "ends with its parent\n", error: <nil>
	// "\n", error: <nil>
}
