// Package project finds copies of this project.
package project

import (
	"os"
	"path/filepath"
	"regexp"
)

var thisModule = regexp.MustCompile(`(?m)^module\s+github\.com/cr-lso/cr-lso\s*$`)

// Above returns the innermost folder above a path, or itself, that is a copy of this project, "" if there is none.
func Above(path string) string {
	for {
		if gomod, err := os.ReadFile(filepath.Join(path, "go.mod")); err == nil && thisModule.Match(gomod) {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return ""
		}
		path = parent
	}
}
