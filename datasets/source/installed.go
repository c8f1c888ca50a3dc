package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime/debug"
)

// Installed returns the folder, of Go's module cache and for reading only, of the project that this
// program was installed from by `go install PROGRAM@VERSION`, or run from by go run; "" if it was
// built otherwise.
func Installed(ctx context.Context) (string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != module || info.Main.Sum == "" {
		return "", nil
	}
	name := module + "@" + info.Main.Version
	output, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", name).Output()
	var downloaded struct{ Dir, Error string }
	if json.Unmarshal(output, &downloaded) == nil && downloaded.Error != "" {
		err = errors.New(downloaded.Error)
	}
	if err != nil {
		return "", fmt.Errorf("find %s, which this program is of, by `go mod download`: %w", name, err)
	}
	return downloaded.Dir, nil
}
