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
	"slices"
	"strings"
)

// PipInstall installs the requirements file, of lines NAME==VERSION and -r FILE, into the virtual
// environment of [Python], and tries to import modules. What was installed before is only looked
// at: an environment that has lost a file, or got another version of a package, is made anew.
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
// requirements, with those of the files that a line -r names.
func required(requirements string) (stamp string, pins []string, err error) {
	content, err := os.ReadFile(requirements)
	if err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if other, ok := strings.CutPrefix(line, "-r "); ok {
			_, others, err := required(filepath.Join(filepath.Dir(requirements), other))
			if err != nil {
				return "", nil, err
			}
			pins = append(pins, others...)
		} else if line != "" {
			pins = append(pins, line)
		}
	}
	return fmt.Sprintf("installed-%x", sha256.Sum256(content)), pins, nil
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
