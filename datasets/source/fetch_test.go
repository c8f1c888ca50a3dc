package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// random returns n bytes that no mistake in an offset maps to themselves.
func random(n int) []byte {
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

func sum(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content)) }

// A publisher serves content over HTTP and can be made to misbehave.
type publisher struct {
	mu       sync.Mutex
	content  []byte
	changed  time.Time
	cut      int  // of the next request, send so many bytes only
	always   bool // cut all requests
	hang     bool // after the cut, keep the connection and send nothing
	noRanges bool
	ranges   []string // the Range header of each request
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ranges = append(p.ranges, r.Header.Get("Range"))
	if p.noRanges {
		r.Header.Del("Range")
	}
	if cut := p.cut; cut > 0 {
		if !p.always {
			p.cut = 0
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(p.content)))
		w.Header().Set("Last-Modified", p.changed.UTC().Format(http.TimeFormat))
		w.Write(p.content[:cut])
		w.(http.Flusher).Flush()
		if p.hang {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", p.changed, bytes.NewReader(p.content))
}

func (p *publisher) start(t *testing.T) (url string) {
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server.URL
}

var lastYear = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

func TestFetch(t *testing.T) {
	content := random(1 << 20)
	half := len(content) / 2
	later := append([]byte("another edition: "), content...)
	tests := []struct {
		name      string
		publisher *publisher // nil: one that behaves
		file      File
		part      []byte // there before
		complete  []byte // there before
		want      []byte
		ranges    []string
	}{
		{name: "full", file: File{SHA256: sum(content), Size: int64(len(content))}, want: content, ranges: []string{""}},
		{name: "nothing known", want: content, ranges: []string{""}},
		{name: "there already", file: File{SHA256: sum(content)}, complete: content, want: content},
		{name: "altered before", file: File{SHA256: sum(content)}, complete: later, want: content, ranges: []string{""}},
		{name: "truncated before", file: File{Size: int64(len(content))}, complete: content[:half], want: content, ranges: []string{""}},
		{name: "cut", publisher: &publisher{cut: half}, file: File{SHA256: sum(content)}, want: content,
			ranges: []string{"", fmt.Sprintf("bytes=%d-", half)}},
		{name: "cut, nothing known", publisher: &publisher{cut: half}, want: content,
			ranges: []string{"", fmt.Sprintf("bytes=%d-", half)}},
		{name: "part", file: File{SHA256: sum(content)}, part: content[:half], want: content,
			ranges: []string{fmt.Sprintf("bytes=%d-", half)}},
		{name: "part is all", file: File{SHA256: sum(content)}, part: content, want: content,
			ranges: []string{fmt.Sprintf("bytes=%d-", len(content))}},
		{name: "part is all, size known", file: File{SHA256: sum(content), Size: int64(len(content))}, part: content, want: content},
		{name: "part of another edition, nothing known", part: later[:half], want: content,
			ranges: []string{fmt.Sprintf("bytes=%d-", half)}},
		{name: "cut, no ranges", publisher: &publisher{cut: half, noRanges: true}, file: File{SHA256: sum(content)}, want: content,
			ranges: []string{"", fmt.Sprintf("bytes=%d-", half)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			for name, content := range map[string][]byte{path: test.complete, path + ".part": test.part} {
				if content != nil {
					if err := os.WriteFile(name, content, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if test.publisher == nil {
				test.publisher = new(publisher)
			}
			test.publisher.content, test.publisher.changed = content, lastYear
			test.file.Name, test.file.URL = "file", test.publisher.start(t)
			got, err := Fetch(t.Context(), test.file, dir, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if got != path {
				t.Errorf("path %s, want %s", got, path)
			}
			wantFile(t, path, test.want)
			wantEntries(t, dir, "file")
			if !slices.Equal(test.publisher.ranges, test.ranges) {
				t.Errorf("requests asked for %q, want %q", test.publisher.ranges, test.ranges)
			}
		})
	}
}

func TestFetchErrors(t *testing.T) {
	content := random(1 << 16)
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	missing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(missing.Close)
	altered := (&publisher{content: content[1:]}).start(t)
	cut := (&publisher{content: content, cut: 1000, always: true, noRanges: true}).start(t)
	tests := []struct {
		name, url string
		file      File
		want      []string
	}{
		{"not found", missing.URL, File{}, []string{"404"}},
		{"no network", dead.URL, File{}, []string{"refused"}},
		{"altered", altered, File{SHA256: sum(content)}, []string{sum(content), sum(content[1:]), "run again"}},
		{"truncated", altered, File{Size: 1 << 16}, []string{"65535", "65536", "run again"}},
		{"cut again and again", cut, File{}, []string{"unexpected EOF", "by hand"}},
		{"no URL", "::", File{}, []string{"protocol"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.file.Name, test.file.URL = "file", test.url
			_, err := Fetch(t.Context(), test.file, dir, io.Discard)
			wantError(t, err, append(test.want, "fetch file", test.url, filepath.Join(dir, "file"))...)
			if _, err := os.Stat(filepath.Join(dir, "file")); err == nil {
				t.Error("there is a file after the error")
			}
		})
	}
}

func TestFetchInterrupted(t *testing.T) {
	p := &publisher{content: random(1 << 16), cut: 1000, hang: true}
	f := File{Name: "file", URL: p.start(t), SHA256: sum(p.content)}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var progress writerFunc = func(line []byte) (int, error) { // the first bytes have come
		time.AfterFunc(10*time.Millisecond, cancel)
		return len(line), nil
	}
	_, err := Fetch(ctx, f, dir, progress)
	wantError(t, err, "fetch file", "canceled", "run again")
	wantFile(t, filepath.Join(dir, "file.part"), p.content[:1000])

	if _, err := Fetch(t.Context(), f, dir, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantFile(t, filepath.Join(dir, "file"), p.content)
	wantEntries(t, dir, "file")
	if want := []string{"", "bytes=1000-"}; !slices.Equal(p.ranges, want) {
		t.Errorf("requests asked for %q, want %q", p.ranges, want)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestFetchStalls(t *testing.T) {
	defer func(d time.Duration) { stallTimeout = d }(stallTimeout)
	stallTimeout = 100 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	_, err := Fetch(t.Context(), File{Name: "file", URL: server.URL}, t.TempDir(), io.Discard)
	wantError(t, err, "sends nothing", server.URL)

	// A server that goes silent in the middle is asked again.
	p := &publisher{content: random(1 << 16), cut: 1000, hang: true}
	dir := t.TempDir()
	path, err := Fetch(t.Context(), File{Name: "file", URL: p.start(t)}, dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, p.content)
}

func TestFetchUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Fetch(t.Context(), File{Name: "file", URL: "http://localhost"}, filepath.Join(file, "dir"), io.Discard)
	wantError(t, err, file, "not a directory", cacheVar)
}

func TestFetchFullDisk(t *testing.T) {
	p := &publisher{content: random(1 << 16)}
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "file.part")); err != nil {
		t.Fatal(err)
	}
	_, err := Fetch(t.Context(), File{Name: "file", URL: p.start(t)}, dir, io.Discard)
	wantError(t, err, filepath.Join(dir, "file.part"), "no space left", "free some space", cacheVar)
	if len(p.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(p.ranges))
	}
}

func TestFetchFromTwoProcesses(t *testing.T) {
	p := &publisher{content: random(1 << 22)}
	dir := t.TempDir()
	env := []string{"TEST_URL=" + p.start(t), "TEST_DIR=" + dir}
	var processes sync.WaitGroup
	for range 2 {
		processes.Go(func() {
			if output, err := child("fetch", env...).Output(); err != nil || len(output) > 0 {
				t.Errorf("%v %s", err, output)
			}
		})
	}
	processes.Wait()
	wantFile(t, filepath.Join(dir, "file"), p.content)
	if len(p.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(p.ranges))
	}
}
