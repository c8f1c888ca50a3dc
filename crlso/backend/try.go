//go:build !noxla && cgo && linux

package backend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"
)

const (
	// tryVar in the environment makes a process of this package one that only tries: see Try.
	tryVar = "CRLSO_TRY_BACKEND"

	// flagsVar names XLA's own environment variable.
	flagsVar = "XLA_FLAGS"
)

func init() {
	if os.Getenv(tryVar) != "" {
		New() // it does not matter whether with an error
		os.Exit(0)
	}
}

// Try opens what [New] opens, in a process of its own, which is this program started again. XLA
// ends its process where other libraries return an error, as at a flag in $XLA_FLAGS that it does
// not know: then the error says why. What New would return as an error is none of Try.
func Try(ctx context.Context) error { return try(ctx, os.Getenv(compute.ConfigEnvVar)) }

// try is Try with another $GOMLX_BACKEND.
func try(ctx context.Context, config string) error {
	env := append(os.Environ(), tryVar+"=1", compute.ConfigEnvVar+"="+config)
	why := startAgain(ctx, env)
	if why == "" || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	flags := os.Getenv(flagsVar)
	if flags != "" && startAgain(ctx, append(env, flagsVar+"=")) == "" {
		return fmt.Errorf("XLA does not take %s=%s (%s): unset it, or change it", flagsVar, flags, why)
	}
	return fmt.Errorf("XLA ends the process that opens it (%s): %s, or set %s=go to go on without XLA", why, getsPlugin("another plugin"), compute.ConfigEnvVar)
}

var fatal = regexp.MustCompile(`(?m)^F\d{4} .*?\] (.*)$`)

// startAgain starts this program again in another environment, and returns why it crashed, "" if it
// did not.
func startAgain(ctx context.Context, env []string) (why string) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("no answer within a minute"))
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env, cmd.Stderr = env, &said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx).Error()
	case !errors.As(err, &exit): // it did not crash, or cannot be started again
		return ""
	}
	if found := fatal.FindStringSubmatch(said.String()); found != nil {
		return found[1]
	}
	lines := strings.Split(said.String(), "\n")
	if i := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) != "" }); i >= 0 {
		return lines[i]
	}
	return err.Error()
}
