package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// pip is the release that the virtual environment gets: from 25.1 on, pip resumes a download that
// was cut.
const pip = "pip==25.3"

// Python returns the interpreter of the project's own virtual environment, CacheDir()/venv, and
// makes it first if it is missing or broken. What it does and what pip shows go to log.
//
// It takes python3 from PATH, which must be 3.11.2 or later and able to make virtual environments.
func Python(ctx context.Context, log io.Writer) (interpreter string, err error) {
	venv, err := venvDir()
	if err != nil {
		return "", err
	}
	interpreter = filepath.Join(venv, "bin", "python")
	fault := venvFault(ctx, venv)
	if fault == nil {
		return interpreter, nil
	}
	if own, err := OwnDir(); err == nil && own != filepath.Dir(venv) {
		return "", fmt.Errorf("the Python environment %s is for reading only, and not ready (%w): have its owner make it, with a Python that all may start, or set %s to a folder of your own", venv, fault, cacheVar)
	}
	unlock, err := lock(ctx, venv+".lock", log)
	if err != nil {
		return "", err
	}
	defer unlock()
	if venvFault(ctx, venv) == nil {
		return interpreter, nil
	}
	if err := makeVenv(ctx, venv, log); err != nil {
		return "", fmt.Errorf("make the Python environment %s: %w", venv, err)
	}
	return interpreter, nil
}

func venvDir() (string, error) {
	cache, err := CacheDir()
	return filepath.Join(cache, "venv"), err
}

// venvComplete is the file in a virtual environment that says that its making has ended.
const venvComplete = "complete"

// venvFault returns an error if the virtual environment was not made completely, or works no more:
// an upgrade of the system's Python breaks it.
func venvFault(ctx context.Context, venv string) error {
	if _, err := os.Stat(filepath.Join(venv, venvComplete)); err != nil {
		return err
	}
	return exec.CommandContext(ctx, filepath.Join(venv, "bin", "python"), "-Ic", "import pip").Run()
}

var debianPackage = regexp.MustCompile(`apt(?:-get)? install \S+`)

// makeVenv makes the virtual environment anew.
func makeVenv(ctx context.Context, venv string, log io.Writer) error {
	const want = "3.11.2 or later"
	python, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("there is no python3 on PATH: install Python %s with its venv module", want)
	}
	const test = "import sys; print(sys.version.split()[0], sys.version_info >= (3, 11, 2))"
	output, err := exec.CommandContext(ctx, python, "-Ic", test).Output()
	version, recent, _ := strings.Cut(strings.TrimSpace(string(output)), " ")
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s does not run: %w", python, err)
	case recent != "True":
		return fmt.Errorf("%s is Python %s: put Python %s first on PATH", python, version, want)
	}

	fmt.Fprintf(log, "making the Python environment %s\n", venv)
	if err := MakeFolder(venv); err != nil {
		return err
	}
	var said bytes.Buffer
	if err := run(ctx, &said, environment(), python, "-Im", "venv", venv); err != nil {
		RemoveFolder(venv)
		if command := debianPackage.FindString(said.String()); command != "" {
			return fmt.Errorf("%s cannot make virtual environments: run `%s` as root", python, command)
		}
		return fmt.Errorf("%w%s", err, reason(said.String()))
	}
	interpreter := filepath.Join(venv, "bin", "python")
	err = runPip(ctx, log, interpreter, "install", pip)
	if err == nil {
		err = checkPackages(ctx, interpreter, "", pip)
	}
	if err != nil {
		RemoveFolder(venv)
		return err
	}
	return WriteFile(filepath.Join(venv, venvComplete), func(io.Writer) error { return nil })
}

// run runs a Python program. Its standard output goes to log; of its standard error, one line
// becomes the error. Nothing is written outside the cache, and an end of ctx lets it tidy up.
func run(ctx context.Context, log io.Writer, env []string, program string, args ...string) error {
	venv, err := venvDir()
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(venv), ".tmp-")
	if err != nil {
		return explain(err)
	}
	defer os.RemoveAll(temp)

	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(env, "TMPDIR="+temp, "RUSTUP_HOME="+temp, // pip asks rustc its version
		"PIP_NO_CACHE_DIR=1", "PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1")
	cmd.Stdout, cmd.Stderr = log, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w%s%s", filepath.Base(program), err, reason(said.String()), freeSpace(filepath.Dir(venv), said.String()))
	}
	return nil
}

var fullDisk = regexp.MustCompile(`No space left on device|Disk quota exceeded`)

// freeSpace says what to do if a program failed that wrote to dir, because its disk is full. Some
// do not say why they failed.
func freeSpace(dir, said string) string {
	free, ok := freeMB(dir)
	if !ok || free > 50 && !fullDisk.MatchString(said) {
		return ""
	}
	return fmt.Sprintf("; there are %d MB free in %s: free some space, or set %s to a folder on another disk", free, dir, cacheVar)
}

// broken matches pip's warning that a connection broke: the exception's name, its object, the
// reason.
var broken = regexp.MustCompile(`connection broken by '(?:\w+\('<[^>]*>: )?(.*?)(?:'\))?': /`)

// reason picks from what pip or Python wrote to standard error the line that says why it failed:
// the last error, after what broke the connection if something did.
func reason(said string) string {
	why := ""
	if matches := broken.FindAllStringSubmatch(said, -1); matches != nil {
		why = ": no connection to the package index: " + matches[len(matches)-1][1]
	}
	last := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch {
		case line == "ERROR: Exception:": // pip crashed: the cause is at the end of what follows
			last = ""
		case strings.HasPrefix(line, "ERROR:"), line != "" && !strings.HasPrefix(last, "ERROR:"):
			last = line
		}
	}
	if last != "" {
		why += ": " + last
	}
	return why
}
