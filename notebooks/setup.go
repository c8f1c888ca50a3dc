package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
)

// project is where things are. All paths are absolute.
type project struct {
	root      string // the folder of go.mod; outside a clone, that of Go's module cache
	here      string // where runs goes, and what paths are shown relative to: root, or the working directory outside a clone
	cache     string
	own       string // a folder that can be written: the cache, or another where that is for reading only
	goroot    string
	goversion string
}

// getClone is the advice where there is no clone.
const getClone = "change to the folder of a clone, such as `git clone https://github.com/cr-lso/cr-lso` makes"

// findProject returns the project that the working directory is in, or that this program was
// installed from by go install PROGRAM@VERSION.
func findProject(ctx context.Context) (*project, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the project: %w", err)
	}
	p := &project{root: source.Project(here)}
	if p.here = p.root; p.root == "" {
		p.here = here
		p.root, err = source.Installed(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case p.root == "":
		return nil, fmt.Errorf("not inside the project: %s; search and data work anywhere, and all but lab and bench by "+
			"`go run github.com/cr-lso/cr-lso/notebooks@VERSION`", getClone)
	}
	output, err := p.ask(ctx, "go", "env", "-json", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, fmt.Errorf("ask go where it is: %w", err)
	}
	var env struct{ GOROOT, GOVERSION string }
	if err := json.Unmarshal([]byte(output), &env); err != nil {
		return nil, fmt.Errorf("ask go where it is: %w", err)
	}
	p.goroot, p.goversion = env.GOROOT, env.GOVERSION
	if p.cache, err = source.CacheDir(); err != nil {
		return nil, err
	}
	p.own, err = source.OwnDir()
	return p, err
}

// findClone is findProject for a command that changes the project, which Go's module cache is not
// for.
func findClone(ctx context.Context, command string) (*project, error) {
	p, err := findProject(ctx)
	if err == nil && p.here != p.root {
		return nil, fmt.Errorf("%s needs a clone of the project: %s; the other commands work here", command, getClone)
	}
	return p, err
}

// runs is the folder of all results.
func (p *project) runs() string { return filepath.Join(p.here, "runs") }

// file returns the path of a file in the notebooks folder.
func (p *project) file(name string) string { return filepath.Join(p.root, "notebooks", name) }

// openLog opens the log file of that name anew; where another launcher is writing to it, one with a
// number.
func (p *project) openLog(name string) (*os.File, error) {
	dir := filepath.Join(p.own, "log")
	err := os.MkdirAll(dir, 0o777)
	for number := 1; err == nil; number++ {
		path := filepath.Join(dir, name+".log")
		if number > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d.log", name, number))
		}
		var file *os.File
		if file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666); err != nil {
			break
		}
		locked := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) // ends when the file is closed
		if locked == nil {
			if err = file.Truncate(0); err == nil {
				return file, nil
			}
		} else if !errors.Is(locked, syscall.EWOULDBLOCK) {
			err = locked
		}
		file.Close()
	}
	return nil, fmt.Errorf("%w; make that folder writable, or set CRLSO_CACHE to one that is", err)
}

// imported are the Python modules that the launcher runs or imports.
var imported = []string{"jupyterlab", "nbclient", "nbconvert", "latex2mathml"}

// prepare makes ready all that a notebook needs, showing each step that takes time, and returns the
// environment to start Jupyter in and the Python interpreter to start it with.
func (p *project) prepare(ctx context.Context) (python string, env []string, err error) {
	if err := checkCompiler(ctx, p).broken; err != nil { // before anything that takes long
		return "", nil, err
	}
	file, err := p.openLog("setup")
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	env = p.environment()
	if python, err = p.preparePython(ctx, file, "requirements.txt"); err != nil {
		return "", nil, err
	}
	if err := step(ctx, "Go kernel", file, func(log io.Writer) error { return p.kernel(ctx, env, log) }); err != nil {
		return "", nil, err
	}
	name, _, _ := strings.Cut(os.Getenv(compute.ConfigEnvVar), ":")
	if name != "go" {
		err = step(ctx, "XLA plugin", file, func(log io.Writer) error {
			if _, err := backend.PreparePlugin(ctx, log); err != nil {
				return err
			}
			return backend.Try(ctx)
		})
		if ctx.Err() != nil {
			return "", nil, err
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "warning: computing without XLA, several times slower: %v\n", err)
		if name == "" {
			env = append(env, compute.ConfigEnvVar+"=go") // cells need not say it again, nor end at a plugin that crashes
		}
	}
	return python, env, nil
}

// preparePython makes ready the interpreter, with the packages of a requirements file of the
// notebooks.
func (p *project) preparePython(ctx context.Context, log *os.File, requirements string) (python string, err error) {
	err = step(ctx, "Python packages", log, func(log io.Writer) (err error) {
		if python, err = source.Python(ctx, log); err != nil {
			return err
		}
		return source.PipInstall(ctx, p.file(requirements), log, imported...)
	})
	return python, err
}

// environment returns this process's environment with what Jupyter needs. Nothing in it points to
// $HOME.
func (p *project) environment() []string {
	jupyter := filepath.Join(p.own, "jupyter")
	env := []string{
		"JUPYTER_CONFIG_DIR=" + filepath.Join(jupyter, "config"),
		"JUPYTER_DATA_DIR=" + filepath.Join(jupyter, "data"),
		"JUPYTER_RUNTIME_DIR=" + filepath.Join(jupyter, "runtime"),
		"IPYTHONDIR=" + filepath.Join(jupyter, "ipython"),
	}
	if p.here != p.root && os.Getenv("CRLSO_RUNS") == "" {
		env = append(env, "CRLSO_RUNS="+p.runs())
	}
	for _, variable := range os.Environ() {
		switch name, value, _ := strings.Cut(variable, "="); name {
		case "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR":
		case "JUPYTER_PATH", "JUPYTER_CONFIG_PATH": // they hide the kernel
		case "CRLSO_RUNS": // seen from here, not from the notebook
			if path, err := filepath.Abs(value); err == nil && value != "" {
				env = append(env, name+"="+path)
			}
		default:
			env = append(env, variable)
		}
	}
	return env
}

// child returns a command that runs Jupyter's Python in the project's folder. It is in a process
// group of its own, so that a Ctrl-C at the terminal reaches it once: as the signal sent when ctx
// ends. It then has some time to stop the kernel. If this process is killed, the child is killed
// too, for which runChild has to start it.
func (p *project) child(ctx context.Context, env []string, signal os.Signal, python string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, python, append([]string{"-IB"}, args...)...)
	cmd.Dir, cmd.Env = p.root, env
	cmd.Stdout = os.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(signal) }
	cmd.WaitDelay = 20 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// runChild runs a command of child. To Linux, the parent of a process is the thread that started
// it: it has to stay.
func runChild(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// lastLine returns the last line of text that is not blank.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}
