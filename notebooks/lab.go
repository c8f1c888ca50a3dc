package main

import (
	"context"
	"os"
	"syscall"

	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

// lab opens JupyterLab on the project's folder until it is stopped, by its own menu or by Ctrl-C.
func lab(ctx context.Context, args []string) error {
	p, err := findClone(ctx, "lab")
	if err != nil {
		return err
	}
	python, env, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	options := []string{"-m", "jupyterlab", "--ServerApp.root_dir=" + p.root, "--LabApp.default_url=/lab/tree/notebooks",
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
