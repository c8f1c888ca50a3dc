package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/gcs"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// bucket is a folder of a file system of Beam, such as gs://NAME/FOLDER. Workers that share no disk
// with the driver leave results in it, and the driver fetches them.
type bucket string

// fetchPause is the time between two looks of the driver into the bucket.
const fetchPause = 10 * time.Second

// runItem is experiment.RunItem for a bucket.
func (b bucket) runItem(ctx context.Context, plan experiment.Plan, item experiment.Item) error {
	fs, err := filesystem.New(ctx, string(b))
	if err != nil {
		return err
	}
	defer fs.Close()
	result, failure := item.Files("")
	if _, err := fs.Size(ctx, b.path(result)); err == nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "sweep")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := experiment.RunItem(ctx, dir, plan, item); err != nil {
		return err
	}
	for _, name := range []string{result, failure} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return filesystem.Write(ctx, fs, b.path(name), text)
		}
	}
	return fmt.Errorf("sweep: nothing is left of %v", item)
}

// check returns an error if this process cannot write to the bucket. For workers, before they
// search.
func (b bucket) check(ctx context.Context) error {
	fs, err := filesystem.New(ctx, string(b))
	if err != nil {
		return err
	}
	defer fs.Close()
	if err := filesystem.Write(ctx, fs, b.path("probe"), nil); err != nil {
		host, _ := os.Hostname()
		return fmt.Errorf("experiment: workers do not write to this folder: %s, on %s: %w; give them the right to", b, host, err)
	}
	remove(ctx, fs, b.path("probe")) // or another worker has
	return nil
}

// path returns that of a file in the bucket.
func (b bucket) path(name string) string { return string(b) + "/" + filepath.Base(name) }

// fetching fetches results from time to time until it is told to stop.
func (b bucket) fetching(ctx context.Context, dir string, items []experiment.Item) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(fetchPause):
				b.fetch(ctx, dir, items) // an error now is one at the end, too, or has passed
			}
		}
	}()
	return func() { cancel(); <-stopped }
}

// fetch writes what workers have left of items into the folder dir, if it is not there.
func (b bucket) fetch(ctx context.Context, dir string, items []experiment.Item) error {
	return b.each(ctx, dir, items, func(fs filesystem.Interface, from, to string) error {
		if _, err := os.Stat(to); err == nil {
			return nil
		}
		text, err := filesystem.Read(ctx, fs, from)
		if err != nil {
			return err
		}
		return source.WriteFile(to, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	})
}

// clear removes what has come into the folder dir.
func (b bucket) clear(ctx context.Context, dir string, items []experiment.Item) error {
	return b.each(ctx, dir, items, func(fs filesystem.Interface, from, to string) error {
		if _, err := os.Stat(to); err != nil {
			return nil
		}
		return remove(ctx, fs, from)
	})
}

// each calls do for each file that workers have left of items: its path in the bucket, and that in
// the folder dir.
func (b bucket) each(ctx context.Context, dir string, items []experiment.Item, do func(fs filesystem.Interface, from, to string) error) error {
	if b == "" {
		return nil
	}
	fs, err := filesystem.New(ctx, string(b))
	if err != nil {
		return err
	}
	defer fs.Close()
	files, err := fs.List(ctx, b.path("*"))
	if err != nil {
		return err
	}
	there := map[string]string{}
	for _, file := range files {
		there[path.Base(file)] = file
	}
	for _, item := range items {
		result, failure := item.Files(dir)
		for _, to := range []string{result, failure} {
			if from, ok := there[filepath.Base(to)]; ok {
				if err := do(fs, from, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func remove(ctx context.Context, fs filesystem.Interface, path string) error {
	remover, ok := fs.(filesystem.Remover)
	if !ok {
		return fmt.Errorf("sweep: %s cannot be removed; remove it by hand", path)
	}
	return remover.Remove(ctx, path)
}
