package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// run executes notebooks. It goes on after one that fails, and returns all failures.
func run(ctx context.Context, args []string) error {
	scale, target, names, err := parseRun(args)
	if err != nil {
		return err
	}
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	notebooks, err := p.notebooks(names)
	if err != nil {
		return err
	}
	if len(names) == 0 && scale != "smoke" {
		fmt.Printf("all %d notebooks: hours at %s scale; Ctrl-C keeps what is computed\n", len(notebooks), scale)
	}
	if target == "" {
		target = filepath.Join(p.runs(), "notebooks", scale)
	}
	if target, err = writable(target); err != nil {
		return err
	}
	python, env, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	env = append(env, "CRLSO_SCALE="+scale)

	var failures []error
	for _, notebook := range notebooks {
		if err := p.execute(ctx, python, env, notebook, target); err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if index := filepath.Join(target, "index.html"); len(failures) < len(notebooks) && ctx.Err() == nil {
		fmt.Println(p.relative(index))
	}
	return errors.Join(failures...)
}

// parseRun returns the arguments of run, checked.
func parseRun(args []string) (size, target string, names []string, err error) {
	flags := newFlags("run")
	flags.StringVar(&size, "scale", "laptop", "")
	flags.StringVar(&target, "o", "", "")
	if names, err = parseNames(flags, args); err != nil {
		return "", "", nil, err
	}
	if !slices.Contains(scale.Names, size) {
		return "", "", nil, fmt.Errorf("there is no scale %q: the scales are %s", size, strings.Join(scale.Names, ", "))
	}
	return size, target, names, nil
}

// notebooks returns the paths of the notebooks with these names, or of all if there are none. A
// name may be the path of an .ipynb file.
func (p *project) notebooks(names []string) ([]string, error) {
	all, err := filepath.Glob(p.file("*.ipynb"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if len(all) == 0 {
			return nil, fmt.Errorf("there are no notebooks in %s", p.file(""))
		}
		return all, nil
	}
	var paths []string
	for _, name := range names {
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		if filepath.Ext(name) != ".ipynb" {
			path = p.file(name + ".ipynb")
		}
		if _, err := os.Stat(path); err != nil {
			known := make([]string, len(all))
			for i, path := range all {
				known[i] = stem(path)
			}
			return nil, fmt.Errorf("there is no notebook %q: name one of [%s], or the path of an .ipynb file", name, strings.Join(known, " "))
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func stem(path string) string { return strings.TrimSuffix(filepath.Base(path), ".ipynb") }

// writable makes the folder dir, tries whether files can be made in it, and returns its absolute
// path.
func writable(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(path, 0o777)
	}
	if err == nil {
		var file *os.File
		if file, err = os.CreateTemp(path, ".writable-"); err == nil {
			file.Close()
			os.Remove(file.Name())
			return path, nil
		}
	}
	return "", fmt.Errorf("cannot write notebooks to %s: %w; choose another folder with -o", dir, err)
}

// execute executes one notebook into the folder target. The error is one line.
func (p *project) execute(ctx context.Context, python string, env []string, notebook, target string) error {
	name := stem(notebook)
	log, err := p.openLog(name)
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Println(p.relative(notebook))
	began := time.Now()
	var said bytes.Buffer
	cmd := p.child(ctx, env, os.Interrupt, python, p.file("execute.py"), notebook, target, log.Name())
	cmd.Stderr = io.MultiWriter(log, &said)
	if err := runChild(cmd); err != nil {
		why := lastLine(said.String())
		if ctx.Err() != nil && !strings.HasSuffix(why, "interrupted") {
			why = name + ": interrupted"
		} else if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			why = name + ": Python was ended from outside: " + err.Error()
		} else if why == "" {
			why = name + ": " + err.Error()
		}
		failed := filepath.Join(target, name+".failed.ipynb")
		if info, err := os.Stat(failed); err == nil && info.ModTime().After(began) {
			why += "; what was executed is in " + p.relative(failed)
		}
		return fmt.Errorf("%s (log: %s)", why, p.relative(log.Name()))
	}
	base := filepath.Join(p.relative(target), name)
	fmt.Printf("%[1]s.ipynb\n%[1]s.html\n", base)
	figures, err := filepath.Glob(filepath.Join(target, name+"_files", "*.png"))
	if err != nil {
		return err
	}
	for _, figure := range figures {
		fmt.Println(p.relative(figure))
	}
	fmt.Printf("%s done in %v\n", name, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// relative returns path as seen from the project's folder, or the working directory outside a
// clone, if it is inside.
func (p *project) relative(path string) string {
	if inside, err := filepath.Rel(p.here, path); err == nil && filepath.IsLocal(inside) {
		return inside
	}
	return path
}
