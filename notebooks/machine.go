package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"github.com/cr-lso/cr-lso/datasets/source"
)

func checkProcessor(context.Context, *project) (f finding) {
	cores := runtime.GOMAXPROCS(0)
	f.found = fmt.Sprintf("%d of %d cores", cores, runtime.NumCPU())
	if cores < 2 {
		f.slow = "everything: the times in the README are for two cores"
	}
	return f
}

func checkMemory(context.Context, *project) (f finding) {
	free, total, err := memory()
	if err != nil {
		return finding{found: "unknown"}
	}
	f.found = fmt.Sprintf("%.1f of %.1f GB free", free, total)
	if free < wantMemory {
		f.slow = fmt.Sprintf("training: %.1f GB of memory are free, and %.0f GB are wanted; close other programs", free, wantMemory)
	}
	return f
}

func checkCache(ctx context.Context, p *project) (f finding) {
	prepared := source.PipCheck(ctx, p.file("requirements.txt")) == nil
	if p.own != p.cache && !prepared {
		f.found = p.cache + ", not writable"
		f.broken = fmt.Errorf("%s is for reading only, and not complete: have its owner run `go run ./notebooks run quickstart`, or set CRLSO_CACHE to a folder of your own", p.cache)
		return f
	}
	free, err := disk(p.own)
	if err != nil {
		f.found = p.own + ", not writable"
		f.broken = fmt.Errorf("%w; make that folder writable, or set CRLSO_CACHE to one that is", err)
		return f
	}
	f.found = fmt.Sprintf("%s, %.1f GB free", p.own, free)
	if p.own != p.cache {
		f.found = fmt.Sprintf("%s, for reading only; logs and compiled programs: %s", p.cache, f.found)
	}
	if free < wantDisk && !prepared {
		f.broken = fmt.Errorf("%.1f GB are free in %s, and the first set-up takes %.0f GB; free some space, or set CRLSO_CACHE to a folder on another disk", free, p.cache, wantDisk)
	}
	return f
}

// checkTemporary finds out whether programs start where Go and GoNB put those that they build.
func checkTemporary(ctx context.Context, p *project) (f finding) {
	folders := []string{os.TempDir()}
	if dir := p.goEnv(ctx, "GOTMPDIR"); dir != "" {
		folders = append(folders, dir)
	}
	f.found = strings.Join(folders, ", ")
	for _, dir := range folders {
		switch err := startIn(ctx, dir); {
		case errors.Is(err, fs.ErrPermission):
			f.broken = fmt.Errorf("programs cannot be started in %s (%w): set TMPDIR and GOTMPDIR to a folder where they can, such as one in your home", dir, err)
		case err != nil:
			f.broken = fmt.Errorf("%w: set TMPDIR and GOTMPDIR to a folder that can be written", err)
		}
	}
	return f
}

// startIn starts a program in a folder.
var startIn = func(ctx context.Context, dir string) error {
	file, err := os.CreateTemp(dir, "crlso-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString("#!/bin/sh\n")
	if err := errors.Join(err, file.Chmod(0o700), file.Close()); err != nil {
		return err
	}
	return exec.CommandContext(ctx, file.Name()).Run()
}

// memory returns the free and total memory in GB.
func memory() (free, total float64, err error) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	var freeKB, totalKB, unused float64
	_, err = fmt.Fscanf(file, "MemTotal: %f kB\nMemFree: %f kB\nMemAvailable: %f kB\n", &totalKB, &unused, &freeKB)
	return freeKB / 1e6, totalKB / 1e6, err
}

// disk returns the free space in GB for files in the folder dir, which is made if it is missing.
func disk(dir string) (free float64, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(dir, ".writable-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var stat syscall.Statfs_t
	if err := syscall.Fstatfs(int(file.Fd()), &stat); err != nil {
		return 0, err
	}
	return float64(stat.Bavail) * float64(stat.Bsize) / 1e9, nil
}
