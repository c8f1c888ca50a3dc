package show

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// runsVar names the environment variable that says where the folder of all results is.
const runsVar = "CRLSO_RUNS"

// Runs returns the folder of all results: $CRLSO_RUNS; else runs in the project, if the notebook
// lies in it and the project can be written; else runs beside the notebook, as for a copy of it;
// else, as for an installation that many share, in the user's cache folder.
func Runs() (string, error) {
	notebook, err := filepath.Abs(os.Getenv(protocol.GONB_DIR_ENV)) // of a program of its own: the working directory
	if err != nil {
		return "", err
	}
	if runs := os.Getenv(runsVar); runs != "" {
		if !filepath.IsAbs(runs) {
			runs = filepath.Join(notebook, runs)
		}
		return runs, nil
	}
	for _, folder := range []string{source.Project(notebook), notebook} {
		if runs := filepath.Join(folder, "runs"); folder != "" && writable(runs) {
			return runs, nil
		}
	}
	own, err := source.OwnDir()
	return filepath.Join(own, "runs"), err
}

// writable says whether files can be made in a folder, which need not be there yet.
func writable(folder string) bool {
	const writeAndSearch = 2 | 1
	for {
		err := syscall.Access(folder, writeAndSearch)
		parent := filepath.Dir(folder)
		if !os.IsNotExist(err) || parent == folder {
			return err == nil
		}
		folder = parent
	}
}
