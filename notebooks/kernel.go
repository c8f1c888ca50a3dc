package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// The kernel's name in notebooks and in Jupyter. GoNB's own, gonb, may be somebody's GoNB of
// another version, which does not know the project: VS Code, papermill and nbconvert would take
// that one, and it would ask the network for our packages.
const (
	kernelName  = "crlso"
	displayName = "Go (CR-LSO)"
)

// kernelSpec is what Jupyter knows of a kernel: the content of kernel.json.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      struct {
		CRLSO *kernelMark `json:"crlso,omitempty"`
	} `json:"metadata"`
}

// kernelMark tells a kernel of this project from others of the same name.
type kernelMark struct {
	Project string `json:"project"`
}

// spec returns the kernel's content of kernel.json. It needs nothing of the environment that it is
// started in: not the launcher's, and not the user's settings of Go, of which GOFLAGS and GOWORK
// can hide the project.
func (p *project) spec() ([]byte, error) {
	path := []string{p.tools(), filepath.Join(p.goroot, "bin"), "${PATH}"}
	spec := kernelSpec{
		Argv:          []string{filepath.Join(p.tools(), "startkernel"), p.root, "{connection_file}"},
		DisplayName:   displayName,
		Language:      "go",
		InterruptMode: "message",
		Env: map[string]string{
			"PATH":        strings.Join(path, string(filepath.ListSeparator)),
			"GOFLAGS":     goFlags,
			"CRLSO_CACHE": p.cache,
		},
	}
	spec.Metadata.CRLSO = &kernelMark{p.root}
	return json.MarshalIndent(spec, "", "  ")
}

// goFlags keeps go from changing a go.mod, and from asking git about folders that may be somebody
// else's. Cells have no tables for debuggers (-w): that halves the time to link one, which is most
// of the time that a changed cell takes to start.
const goFlags = "-mod=readonly -buildvcs=false -ldflags=-w"

// goCommand is the go command for cells. GoNB runs `go get` before each: that would ask the network
// for the versions of all modules, and for packages of this project that it does not have. `!*go
// get NAME` in a cell works.
const goCommand = `#!/bin/sh
case "$*" in get | "get -t") exit 0 ;; esac
exec %s "$@"
`

// kernel makes the kernel ready, and tells the project's own Jupyter of it.
func (p *project) kernel(ctx context.Context, env []string, log io.Writer) error {
	if strings.Contains(p.root, ",") {
		return fmt.Errorf("GoNB cannot use the project in %s: move it to a path without a comma", p.root)
	}
	if err := p.installTools(ctx, env, log); err != nil {
		return err
	}
	spec, err := p.spec()
	if err != nil {
		return err
	}
	kernels := filepath.Join(p.cache, "venv", "share", "jupyter", "kernels")
	os.RemoveAll(filepath.Join(kernels, "gonb")) // of earlier versions, which do not know the project
	if path := filepath.Join(kernels, kernelName, "kernel.json"); !holds(path, spec) {
		return write(path, spec)
	}
	return nil
}

// tools is the folder of the kernel's programs.
func (p *project) tools() string { return filepath.Join(p.cache, "kernel") }

// installTools builds the kernel and goimports, of the versions in go.mod, and what starts the
// kernel, if they are not there. An installation that is complete is not touched, so it may be
// read-only.
func (p *project) installTools(ctx context.Context, env []string, log io.Writer) error {
	bin := p.tools()
	stamp := filepath.Join(bin, "installed")
	want, err := p.toolsStamp()
	if err != nil {
		return err
	}
	complete := func() bool {
		for _, name := range []string{"gonb", "goimports", "startkernel", "go"} {
			if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
				return false
			}
		}
		return holds(stamp, want)
	}
	if complete() {
		return nil
	}
	unlock, err := source.Lock(ctx, bin+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if complete() {
		return nil
	}
	if err := source.Foreign(bin); err != nil { // such as a folder of programs of the user's
		return err
	}
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	if err := source.MarkFolder(bin); err != nil {
		return err
	}
	if err := p.buildTools(ctx, env, log); err != nil {
		return err
	}
	return write(stamp, want)
}

// toolsStamp is what the kernel's programs are made of.
func (p *project) toolsStamp() ([]byte, error) {
	stamp := []byte(p.goversion + "\n" + p.goScript())
	for _, name := range []string{"go.mod", "go.sum", "notebooks/startkernel/main.go", "datasets/source/source.go", "notebooks/supervise/supervise.go"} {
		content, err := os.ReadFile(filepath.Join(p.root, name))
		if err != nil {
			return nil, err
		}
		stamp = fmt.Appendf(stamp, "%x %s\n", sha256.Sum256(content), name)
	}
	return stamp, nil
}

// goScript is goCommand for the project's Go.
func (p *project) goScript() string {
	program := filepath.Join(p.goroot, "bin", "go")
	return fmt.Sprintf(goCommand, "'"+strings.ReplaceAll(program, "'", `'\''`)+"'")
}

// buildTools makes the kernel's programs in their folder, which is there.
func (p *project) buildTools(ctx context.Context, env []string, log io.Writer) error {
	bin := p.tools()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "install", "tool", "./notebooks/startkernel")
	cmd.Dir, cmd.Env = p.root, append(env, "GOBIN="+bin, "GOWORK=off", "GOFLAGS="+goFlags)
	cmd.Stdout, cmd.Stderr = log, io.MultiWriter(log, &said)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go install tool: %w: %s", err, lastLine(said.String()))
	}
	if said, err := exec.CommandContext(ctx, filepath.Join(bin, "gonb"), "-V").CombinedOutput(); err != nil {
		return fmt.Errorf("programs in %s cannot be started: %w%s; set CRLSO_CACHE to a folder where they can", bin, err, said)
	}
	command := filepath.Join(bin, "go")
	os.Remove(command) // a kernel that reads it goes on reading
	return os.WriteFile(command, []byte(p.goScript()), 0o777)
}

// holds says whether a file has this content.
func holds(path string, content []byte) bool {
	old, err := os.ReadFile(path)
	return err == nil && bytes.Equal(old, content)
}

func write(path string, content []byte) error {
	return source.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// register tells the user's Jupyter of the kernel, or takes that back.
func register(ctx context.Context, args []string) error {
	var remove bool
	flags := newFlags("kernel")
	flags.BoolVar(&remove, "remove", false, "")
	if names, err := parseNames(flags, args); err != nil {
		return err
	} else if len(names) > 0 {
		return fmt.Errorf("kernel takes no arguments but -remove, not %q", names)
	}
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	data, err := userData()
	if err != nil {
		return err
	}
	path := registered(data)
	owner := ""
	if spec, err := readKernel(path); err != nil {
		return err
	} else if spec != nil {
		owner = spec.Metadata.CRLSO.Project
	}
	if remove {
		return p.unregister(path, owner)
	}
	if _, _, err := p.prepare(ctx); err != nil {
		return err
	}
	spec, err := p.spec()
	if err == nil {
		err = write(path, spec)
	}
	if err != nil {
		return err
	}
	fmt.Printf("wrote %s: Jupyter, VS Code and papermill now offer the kernel %s (%s)\n", path, displayName, kernelName)
	if owner != "" && owner != p.root {
		fmt.Printf("it was the kernel of %s until now\n", owner)
	}
	fmt.Println("`go run ./notebooks kernel -remove` takes it back")
	return nil
}

// registered is where the kernel is registered below a data folder of Jupyter.
func registered(data string) string {
	return filepath.Join(data, "kernels", kernelName, "kernel.json")
}

func (p *project) unregister(path, owner string) error {
	switch {
	case owner == "":
		fmt.Printf("nothing to take back: there is no %s\n", path)
		return nil
	case owner == p.root, !exists(owner):
		if err := os.Remove(path); err != nil {
			return err
		}
		if folder := filepath.Dir(path); os.Remove(folder) == nil { // if it is empty
			os.Remove(filepath.Dir(folder)) // kernels, which may have been made for it
		}
		fmt.Printf("removed %s\n", path)
		return nil
	}
	return fmt.Errorf("%s is the kernel of the project in %s, and stays: run `go run ./notebooks kernel -remove` there", path, owner)
}

// readKernel reads a kernel.json that some copy of this project wrote, nil if there is no such
// file. Somebody else's is an error.
func readKernel(path string) (*kernelSpec, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var spec kernelSpec
	if json.Unmarshal(content, &spec) != nil || spec.Metadata.CRLSO == nil || spec.Metadata.CRLSO.Project == "" || len(spec.Argv) == 0 {
		return nil, fmt.Errorf("%s is not of this project, and stays as it is: rename its folder to have both", path)
	}
	return &spec, nil
}

// userData returns the user's data folder of Jupyter, as jupyter_core finds it on Linux.
func userData() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "jupyter"))
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("where is Jupyter's data folder? %w; set JUPYTER_DATA_DIR", err)
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}
