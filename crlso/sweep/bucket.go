package main

import (
	"context"
	"errors"
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
		return notShared(b, err)
	}
	remove(ctx, fs, b.path("probe")) // or another worker has
	return nil
}

// notShared is a worker's error, in the words of experiment.CheckFolder, for the driver's cause.
func notShared(b bucket, err error) error {
	host, _ := os.Hostname()
	return fmt.Errorf("experiment: workers do not write to this folder: %s, on %s: %w; give it to all workers", b, host, err)
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
	missing := absent(dir, items)
	return b.each(ctx, func(fs filesystem.Interface, file string) error {
		to, ok := missing[path.Base(file)]
		if !ok {
			return nil
		}
		text, err := filesystem.Read(ctx, fs, file)
		if err != nil {
			return err
		}
		return source.WriteFile(to, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	})
}

// clear empties the bucket, but for what has come since it was fetched.
func (b bucket) clear(ctx context.Context, dir string, items []experiment.Item) error {
	missing := absent(dir, items)
	return b.each(ctx, func(fs filesystem.Interface, file string) error {
		if _, ok := missing[path.Base(file)]; ok {
			return nil
		}
		return remove(ctx, fs, file)
	})
}

// absent returns the paths of what the folder dir lacks of items, by the names of the files.
func absent(dir string, items []experiment.Item) map[string]string {
	paths := map[string]string{}
	for _, item := range items {
		result, failure := item.Files(dir)
		for _, path := range []string{result, failure} {
			if _, err := os.Stat(path); err != nil {
				paths[filepath.Base(path)] = path
			}
		}
	}
	return paths
}

// each calls do for each file in the bucket.
func (b bucket) each(ctx context.Context, do func(fs filesystem.Interface, file string) error) error {
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
		return fmt.Errorf("sweep: %s: %w", b, err)
	}
	for _, file := range files {
		if err := do(fs, file); err != nil {
			return fmt.Errorf("sweep: %s: %w", file, err)
		}
	}
	return nil
}

func remove(ctx context.Context, fs filesystem.Interface, file string) error {
	remover, ok := fs.(filesystem.Remover)
	if !ok {
		return errors.New("this store cannot remove files; remove it by hand")
	}
	return remover.Remove(ctx, file)
}
