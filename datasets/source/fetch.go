package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stallTimeout is how long a server may send nothing, connecting included.
var stallTimeout = 30 * time.Second

var errStalled = errors.New("the server sends nothing")

// File is a file that its publisher offers over HTTP or HTTPS.
type File struct {
	Name   string // file name to keep it under
	URL    string
	SHA256 string // in hexadecimal; empty if the publisher gives none
	Size   int64  // in bytes; 0 if unknown
}

// Fetch downloads f into the folder dir, and returns its path. A good file that is there already is
// returned at once; one that is not good is reported on progress and fetched again.
//
// A download that was cut, by the network or through ctx, is kept as name.part, and goes on from
// there by itself and at the next call. Without a checksum it goes on only if the server says that
// the file has not changed since. A download with the wrong checksum is removed.
func Fetch(ctx context.Context, f File, dir string, progress io.Writer) (path string, err error) {
	path = filepath.Join(dir, f.Name)
	if err := CheckFile(path, f.SHA256, f.Size); err == nil {
		return path, nil
	}
	unlock, err := lock(ctx, filepath.Join(dir, "."+f.Name+".lock"), progress)
	if err != nil {
		return "", err
	}
	defer unlock()
	switch err := CheckFile(path, f.SHA256, f.Size); {
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(progress, "%v: fetching it again\n", err)
	}

	part := path + ".part"
	if err := f.download(ctx, part, progress); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("fetch %s: %w; run again to go on from where it stopped", f.Name, context.Cause(ctx))
		}
		return "", err
	}
	if err := CheckFile(part, f.SHA256, f.Size); err != nil {
		os.Remove(part)
		return "", fmt.Errorf("fetch %s from %s: removed what came, %w; run again, or put the right file at %s", f.Name, f.URL, err, path)
	}
	if err := os.Rename(part, path); err != nil {
		return "", explain(fmt.Errorf("fetch %s: %w", f.Name, err))
	}
	return path, nil
}

// download appends to the file part until it is complete. It asks again for as long as each request
// gets further than those before.
func (f File) download(ctx context.Context, part string, progress io.Writer) error {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return explain(fmt.Errorf("fetch %s: %w", f.Name, err))
	}
	defer file.Close()
	for furthest := int64(0); ; {
		reached, err := f.request(ctx, file, progress)
		var disk *fs.PathError
		switch {
		case err == nil:
			return explain(errors.Join(file.Sync(), file.Close()))
		case ctx.Err() != nil:
			return err
		case errors.As(err, &disk):
			return explain(fmt.Errorf("fetch %s: %w", f.Name, err))
		case reached <= furthest:
			return fmt.Errorf("fetch %s from %s: %w; check the network and run again, or put the file at %s by hand",
				f.Name, f.URL, err, strings.TrimSuffix(part, ".part"))
		}
		furthest = reached
	}
}

// request asks for what is missing in file and appends it. It returns how many bytes of the file
// are there if any came, else 0. An error of the disk is an *fs.PathError.
func (f File) request(ctx context.Context, file *os.File, progress io.Writer) (reached int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	start := info.Size()
	if start > 0 && start == f.Size {
		return 0, nil
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(stallTimeout, func() { cancel(fmt.Errorf("%w for %v", errStalled, stallTimeout)) })
	defer stalled.Stop()

	request, err := f.ask(ctx, start, info.ModTime())
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, plain(ctx, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if start > 0 {
			if err := file.Truncate(0); err != nil {
				return 0, err
			}
		}
		start = 0
	case http.StatusPartialContent:
		if got := response.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", start)) {
			return 0, fmt.Errorf("asked for the bytes from %d on, the server sent %q", start, got)
		}
	case http.StatusRequestedRangeNotSatisfiable: // all there, or too much: the checksum will tell
		return 0, nil
	default:
		return 0, fmt.Errorf("the server says %q", response.Status)
	}

	response.Body = &watched{response.Body, stalled}
	n, err := f.receive(response, file, start, progress)
	if n == 0 {
		start = 0
	}
	return start + n, plain(ctx, err)
}

// ask makes the request for the bytes from start on. Those before were last changed at the time
// changed.
func (f File) ask(ctx context.Context, start int64, changed time.Time) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity") // offsets count the bytes of the file itself
	if start > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", start))
		if f.SHA256 == "" { // the part's time of change is the one that the server gave for the file
			request.Header.Set("If-Range", changed.UTC().Format(http.TimeFormat))
		}
	}
	return request, nil
}

// receive appends to file, which has start bytes, what the server sends, and gives it the time of
// change that the server says. It returns how many bytes came.
func (f File) receive(response *http.Response, file *os.File, start int64, progress io.Writer) (int64, error) {
	total := int64(-1)
	if response.ContentLength >= 0 {
		total = start + response.ContentLength
	}
	bar := newBar(progress, f.Name, start, total)
	defer bar.Close()
	n, err := io.Copy(io.MultiWriter(file, bar), response.Body)
	if changed, err := http.ParseTime(response.Header.Get("Last-Modified")); err == nil {
		os.Chtimes(file.Name(), changed, changed)
	}
	return n, err
}

// watched is a body whose reads put off the stall time-out.
type watched struct {
	io.ReadCloser
	stalled *time.Timer
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.stalled.Reset(stallTimeout)
	return n, err
}

// plain returns why a request failed, without the address and method, which the caller gives.
func plain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
