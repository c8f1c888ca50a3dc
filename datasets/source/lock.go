package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// LockFolder is [Lock] for work of minutes or hours in the folder of the lock file. Whoever has to
// wait for more than a moment is told in one line, on progress, who is at work there.
func LockFolder(ctx context.Context, path string, progress io.Writer) (unlock func(), err error) {
	told := false
	for began := time.Now(); ; {
		unlock, holder, err := TryLock(path)
		if err != nil || unlock != nil {
			return unlock, err
		}
		if waited := time.Since(began); !told && waited > moment && (holder != unnamed || waited > 10*moment) {
			told = true
			fmt.Fprintf(progress, "waiting for %s, which is at work in %s\n", holder, filepath.Dir(path))
		}
		select {
		case <-time.After(moment / 4):
		case <-ctx.Done():
			return nil, fmt.Errorf("stopped waiting for %s, which is at work in %s: %w", holder, filepath.Dir(path), context.Cause(ctx))
		}
	}
}

// moment is a wait that nobody has to be told of.
const moment = 200 * time.Millisecond

// unnamed is a holder that has not written its name yet, or cannot.
const unnamed = "another process"

// TryLock is [Lock] that does not wait. If somebody else has the lock, unlock is nil and holder
// says who.
func TryLock(path string) (unlock func(), holder string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, "", err
	}
	for {
		l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666)) // RDWR for NFS
		locked, err := l.TryLock()
		if err != nil {
			return nil, "", err
		}
		if !locked {
			return nil, readHolder(path), nil
		}
		// Somebody may have deleted the folder meanwhile, and another process made it anew.
		mine, err1 := l.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			os.WriteFile(path, []byte(thisProcess()+"\n"), 0o666) // the lock holds without it
			return func() { os.Truncate(path, 0); l.Close() }, "", nil
		}
		l.Close()
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, "", err
		}
	}
}

// readHolder returns what the holder of a lock has written about itself.
func readHolder(path string) string {
	text, _ := os.ReadFile(path)
	if holder := strings.TrimSpace(string(text)); holder != "" {
		return holder
	}
	return unnamed
}

// thisProcess says who this process is, and since when it has a lock.
func thisProcess() string {
	name := filepath.Base(os.Args[0])
	if notebook := os.Getenv("JPY_SESSION_NAME"); notebook != "" { // set by Jupyter's server
		name = filepath.Base(notebook)
	} else if folder := os.Getenv("GONB_DIR"); folder != "" { // set by the kernel
		name = "a notebook in " + folder
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("process %d (%s, on %s, since %s)", os.Getpid(), name, host, time.Now().Format(time.DateTime))
}

// leftover matches the temporary names of WriteFile, and holds the file's own.
var leftover = regexp.MustCompile(`^\.(.+)\.([0-9]+|[0-9a-f]{12,})$`)

// Sweep removes from the folder dir what processes have left that were killed in the middle of
// [WriteFile], for files that are ours. Whoever calls it must know that nobody is writing such a
// file.
func Sweep(dir string, ours func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if found := leftover.FindStringSubmatch(entry.Name()); found != nil && ours(found[1]) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}
