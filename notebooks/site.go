package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// site makes a static site of the notebooks, the READMEs and the explorers of the runs.
func site(ctx context.Context, args []string) error {
	flags := newFlags("site")
	out := flags.String("o", "", "")
	names, err := parseNames(flags, args)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("site takes no names, not %q: it shows all notebooks", names)
	}
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	target, err := filepath.Abs(cmp.Or(*out, filepath.Join(p.runs(), "site")))
	if err != nil {
		return err
	}
	if err := siteFolder(target); err != nil {
		return err
	}
	log, err := p.openLog("setup")
	if err != nil {
		return err
	}
	defer log.Close()
	python, err := p.preparePython(ctx, log, "requirements-site.txt")
	if err != nil {
		return err
	}
	explorers, err := p.explorers(ctx)
	if err != nil {
		return err
	}
	err = replaceFolder(target, func(dir string) error { return p.generate(ctx, python, dir, explorers) })
	if err != nil {
		return err
	}
	fmt.Println(p.relative(filepath.Join(target, "index.html")))
	return nil
}

// explorers returns the explorers in the folder of runs, after making that of the quickstart's run
// at the scale of CRLSO_SCALE, laptop by default, if that is there.
func (p *project) explorers(ctx context.Context) ([]string, error) {
	folder, err := filepath.Abs(cmp.Or(os.Getenv("CRLSO_RUNS"), p.runs()))
	if err != nil {
		return nil, err
	}
	table, err := nasbench201.Open(ctx, "cifar10", nil, os.Stderr)
	if err != nil {
		return nil, err
	}
	config := scale.Config201() // these are the settings of the quickstart
	config.Seed = 1
	quickstart := runs.Dir(folder, table, config)
	_, missing := os.Stat(filepath.Join(quickstart, "explorer.html"))
	if _, err := os.Stat(quickstart); err == nil && missing != nil {
		if err := explore(ctx, []string{quickstart}); ctx.Err() != nil {
			return nil, err
		} else if err != nil {
			fmt.Fprintf(os.Stderr, "warning: the quickstart's run gets no explorer: %v\n", err)
		}
	}
	return filepath.Glob(filepath.Join(folder, "*", "explorer*.html"))
}

// generate lets site.py make the site in an empty folder, and notes what is in it. The error has a
// line for each dead link.
func (p *project) generate(ctx context.Context, python, dir string, explorers []string) error {
	fmt.Println("the site: about a minute on two cores")
	var said bytes.Buffer
	cmd := p.child(ctx, p.environment(), os.Interrupt, python, append([]string{p.file("site.py"), dir}, explorers...)...)
	cmd.Stderr = &said
	if err := runChild(cmd); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted: the site is as it was")
		}
		return errors.New(cmp.Or(strings.TrimSpace(said.String()), err.Error()))
	}
	return writeSums(dir)
}

// sumsFile lists the files of a site with their SHA-256, as sha256sum does.
const sumsFile = "SHA256SUMS"

func writeSums(dir string) error {
	var sums bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return err
	}
	return source.WriteFile(filepath.Join(dir, sumsFile), func(w io.Writer) error {
		_, err := w.Write(sums.Bytes())
		return err
	})
}

// siteFolder returns an error if the folder dir holds anything that is not as site wrote it.
func siteFolder(dir string) error {
	refuse := func(path string) error {
		return fmt.Errorf("%s was not written by site, or changed since: move it away, or choose another folder with -o", path)
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return refuse(dir)
	}
	list, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(dir, sumsFile) {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if sum := sums[filepath.ToSlash(name)]; sum == "" || source.CheckFile(path, sum, 0) != nil {
			return refuse(path)
		}
		return nil
	})
}

// replaceFolder makes a folder beside dir, and puts it in the place of dir if all went well.
func replaceFolder(dir string, fill func(dir string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".part-")
	if err != nil {
		return fmt.Errorf("cannot write the site: %w; choose another folder with -o", err)
	}
	defer os.RemoveAll(made)
	fresh, old := filepath.Join(made, "new"), filepath.Join(made, "old")
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	if err := fill(fresh); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}
