package experiment

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// session is one call of Run that had something to do.
type session struct {
	Date     string            `json:"date"`
	Machine  string            `json:"machine"`
	Backend  string            `json:"backend,omitzero"` // of the methods that compute on one
	Versions map[string]string `json:"versions"`
}

// onBackend is a searcher that computes on a backend of GoMLX.
type onBackend interface {
	BackendDescription() string
}

// backends describes the backends that methods compute on.
func backends(methods []Method) string {
	var all []string
	for _, method := range methods {
		if s, ok := method.Searcher.(onBackend); ok && !slices.Contains(all, s.BackendDescription()) {
			all = append(all, s.BackendDescription())
		}
	}
	return folders.ReplaceAllString(strings.Join(all, ", "), "")
}

// folders are the paths before the names of files, which say nothing on another machine.
var folders = regexp.MustCompile(`(?:/[^/\s":,]+)+/`)

func newSession(methods []Method) session {
	versions := map[string]string{"go": runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			versions[dependency.Path] = dependency.Version
		}
	}
	return session{
		Date:     time.Now().UTC().Format(time.RFC3339),
		Machine:  fmt.Sprintf("%s, %d processors used, %s/%s", processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH),
		Backend:  backends(methods),
		Versions: versions,
	}
}

// processor returns the model name of the processor, as far as the system tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unknown processor"
}
