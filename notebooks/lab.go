package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

// lab opens JupyterLab on the project's folder, or the folder or notebook that is named first,
// until it is stopped, by its own menu or by Ctrl-C.
func lab(ctx context.Context, args []string) error {
	p, err := findClone(ctx, "lab")
	if err != nil {
		return err
	}
	python, env, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	serve, open, args, err := placeOf(p.root, args)
	if err != nil {
		return err
	}
	options := []string{"-m", "jupyterlab", "--ServerApp.root_dir=" + serve, "--LabApp.default_url=" + path.Join("/lab/tree", open),
		"--LanguageServerManager.autodetect=False"} // looking for language servers starts npm, which writes to $HOME
	if os.Geteuid() == 0 {
		options = append(options, "--allow-root") // Jupyter asks root to say so; in a container all are
	}
	env = supervise.Unmarked(env) // a browser that Jupyter opens is the user's, and stays; kernels have marks of their own
	cmd := p.child(ctx, env, syscall.SIGTERM, python, append(options, args...)...)
	cmd.Stderr = os.Stderr
	if err := runChild(cmd); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// placeOf returns the folder that Jupyter serves and what it opens there, by the arguments of lab,
// and the arguments that are Jupyter's. What is named may lie outside the project's folder root.
func placeOf(root string, args []string) (serve, open string, rest []string, err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return root, "notebooks", args, nil
	}
	named, err := filepath.Abs(args[0])
	if err != nil {
		return "", "", nil, err
	}
	info, err := os.Stat(named)
	if err != nil {
		return "", "", nil, fmt.Errorf("lab: there is no folder or notebook %s", args[0])
	}
	if inside, err := filepath.Rel(root, named); err == nil && filepath.IsLocal(inside) {
		return root, filepath.ToSlash(inside), args[1:], nil
	}
	if info.IsDir() {
		return named, "", args[1:], nil
	}
	return filepath.Dir(named), filepath.Base(named), args[1:], nil
}
