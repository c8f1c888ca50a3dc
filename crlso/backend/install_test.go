//go:build !noxla && cgo && linux

package backend

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/pjrt"
)

// plugin prepares the CPU plugin in the project's cache, as a user's first run does.
func plugin(t testing.TB) (path string) {
	t.Helper()
	path, err := PrepareCPUPlugin(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// emptyMachine gives the test a machine with an empty cache, no plugin, no card and no Python,
// whose network is transport. It returns the path where the CPU plugin goes.
func emptyMachine(t *testing.T, transport http.RoundTripper) (path string) {
	t.Helper()
	usual, err := source.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	// Programs go there again in the end, so that tests go on sharing them.
	t.Cleanup(func() { KeepPrograms(filepath.Join(usual, "xla", "go-xla", cpuPlugin)) })
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", "")
	t.Setenv(pjrt.PJRTPluginPathsEnv, "")
	t.Setenv(compute.ConfigEnvVar, "")
	oldLib, oldCard, oldTransport := systemLib, hasNVIDIA, http.DefaultTransport
	t.Cleanup(func() { systemLib, hasNVIDIA, http.DefaultTransport = oldLib, oldCard, oldTransport })
	systemLib = t.TempDir()
	hasNVIDIA = func() bool { return false }
	http.DefaultTransport = transport
	return filepath.Join(cache, "xla", "go-xla", cpuPlugin)
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// noNetwork is a network that refuses.
var noNetwork transport = func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }

// library compiles C code to a shared library.
func library(t *testing.T, code string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "library.so")
	cmd := exec.Command("cc", "-shared", "-fPIC", "-o", path, "-x", "c", "-")
	cmd.Stdin = strings.NewReader(code)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cc: %v %s", err, output)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

const notReally = "void *GetPjrtApi(void) { return 0; }"

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestXLABackend(t *testing.T) {
	path := plugin(t)
	for _, config := range []string{"", "xla", "xla:cpu", "xla:" + path, "xla:cpu,noshared_buffers"} {
		t.Setenv(compute.ConfigEnvVar, config)
		backend, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if config != "" && !strings.Contains(backend.Description(), path) { // a card would come before it
			t.Errorf("GOMLX_BACKEND=%s gives %s, want XLA with %s", config, backend.Description(), path)
		}
		wantComputes(t, backend)
	}
}

func TestXLABackendUnknown(t *testing.T) {
	path := plugin(t)
	for config, parts := range map[string][]string{
		"xla:nonsense":                {"no XLA plugin", "go run ./notebooks"},
		"xla:/no/such.so":             {"no XLA plugin /no/such.so", "go run ./notebooks"},
		"xla:" + path + ",nonsense=1": {path, "unknown plugin options [nonsense]"},
	} {
		t.Setenv(compute.ConfigEnvVar, config)
		_, err := New()
		expect.ErrorLine(t, err, append(parts, compute.ConfigEnvVar+"="+config)...)
	}
}

// go-xla takes a plugin in such a folder for CUDA's, and cuts its path at the comma.
func TestXLABackendInOddFolder(t *testing.T) {
	path := plugin(t)
	emptyMachine(t, noNetwork)
	dir := filepath.Join(t.TempDir(), "nvidia, cuda")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(dir, cpuPlugin)); err != nil {
		t.Fatal(err)
	}
	t.Setenv(pjrt.PJRTPluginPathsEnv, dir)
	for range 2 {
		backend, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if backend.Name() != "xla" {
			t.Errorf("the backend is %s, want XLA", backend.Description())
		}
		wantComputes(t, backend)
	}
}

func TestNoPlugin(t *testing.T) {
	path := emptyMachine(t, noNetwork)
	wantComputes(t, newBackendWarns(t, filepath.Dir(path), "go run ./notebooks"))
}

func TestBrokenPlugin(t *testing.T) {
	whole := library(t, notReally)
	start := make([]byte, 1<<20)
	file, err := os.Open(plugin(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.ReadFull(file, start); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":          {},
		"garbage":        []byte("<html>not a library</html>"),
		"truncated":      start,
		"one byte short": whole[:len(whole)-1],
		"not a plugin":   library(t, "int answer = 42;"),
		"no API":         whole,
	} {
		t.Run(name, func(t *testing.T) {
			path := emptyMachine(t, noNetwork)
			writeFile(t, path, content)
			newBackendWarns(t, path, "go run ./notebooks")

			for _, config := range []string{"xla", "xla:" + path} {
				t.Setenv(compute.ConfigEnvVar, config)
				_, err := New()
				expect.ErrorLine(t, err, compute.ConfigEnvVar+"="+config, path, "delete", "go run ./notebooks")
			}
		})
	}
}

func TestCardWithoutPlugin(t *testing.T) {
	path := plugin(t)
	emptyMachine(t, noNetwork)
	t.Setenv(pjrt.PJRTPluginPathsEnv, filepath.Dir(path))
	hasNVIDIA = func() bool { return true }
	backend := newBackendWarns(t, "NVIDIA", cudaPlugin)
	if !strings.Contains(backend.Description(), path) {
		t.Errorf("the backend is %s, want XLA with %s", backend.Description(), path)
	}
}

// TestPreparePluginFromWheel extracts the plugin from the Python package and repairs it.
func TestPreparePluginFromWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	cache, err := source.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	wheel, err := source.FetchWheel(t.Context(), cpuWheel, filepath.Join(cache, "xla", "go-xla"), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	path := emptyMachine(t, noNetwork)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(wheel, filepath.Join(filepath.Dir(path), filepath.Base(wheel))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, []byte("half a plu"))
	writeFile(t, path+sumSuffix, nil) // which says that it was not put there by hand
	var log strings.Builder
	got, err := PreparePlugin(t.Context(), &log)
	if err != nil || got != path {
		t.Fatalf("PreparePlugin() = %s, %v", got, err)
	}
	if !strings.Contains(log.String(), "replacing") {
		t.Errorf("the broken plugin is not reported: %q", log.String())
	}
	backend, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(backend.Description(), path) {
		t.Errorf("the backend is %s, want XLA with %s", backend.Description(), path)
	}

	log.Reset()
	if got, err := PreparePlugin(t.Context(), &log); err != nil || got != path || log.Len() > 0 {
		t.Errorf("the second time: %s, %v, %q", got, err, log.String())
	}
}

// release serves archive as GoMLX's release of the plugin: the two answers that go-xla's installer
// asks for.
func release(t *testing.T, archive []byte) transport {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/releases/tags/"+pjrt.DefaultCPUVersion) {
			fmt.Fprint(w, `{"assets": [{"browser_download_url": "https://example.com/pjrt_cpu_linux_amd64.tar.gz"},
				{"browser_download_url": "https://example.com/pjrt_cpu_linux_arm64.tar.gz"}]}`)
			return
		}
		w.Write(archive)
	}))
	t.Cleanup(server.Close)
	direct := http.DefaultTransport
	return func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
		return direct.RoundTrip(r)
	}
}

// archive packs files, given as name and content, as GoMLX packs its plugins.
func archive(t *testing.T, files ...[2]string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipped)
	for _, file := range files {
		header := &tar.Header{Name: file[0], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(file[1]))}
		if err := writer.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(writer, file[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writer.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestPreparePluginFromRelease(t *testing.T) {
	content := library(t, notReally)
	packed := archive(t, [2]string{"LICENSE", "Apache-2.0"}, [2]string{"./pjrt_c_api_cpu_" + pjrt.DefaultCPUVersion + "_plugin.so", string(content)})
	path := emptyMachine(t, release(t, packed))
	got, err := PreparePlugin(t.Context(), io.Discard)
	if err != nil || got != path {
		t.Fatalf("PreparePlugin() = %s, %v", got, err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the plugin has %d bytes that differ from the %d released: %v", len(got), len(content), err)
	}
	sum, err := os.ReadFile(path + sumSuffix)
	if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(content), cpuPlugin); err != nil || string(sum) != want {
		t.Errorf("its checksum file says %q, %v; want %q", sum, err, want)
	}

	// One altered byte, where the library's structure does not show it.
	altered := bytes.Replace(content, []byte("GCC:"), []byte("GCD:"), 1)
	if bytes.Equal(altered, content) {
		altered = append(bytes.Clone(content), 0)
	}
	writeFile(t, path, altered)
	if _, err := PreparePlugin(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the altered plugin stays, %v", err)
	}
}

func TestPreparePluginErrors(t *testing.T) {
	defer func(d time.Duration) { lookupTimeout = d }(lookupTimeout)
	lookupTimeout = 100 * time.Millisecond
	packed := archive(t, [2]string{cpuPlugin, string(library(t, notReally))})
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 1 // in gzip's checksum
	var silent transport = func(*http.Request) (*http.Response, error) {
		<-t.Context().Done()
		return nil, t.Context().Err()
	}
	for _, test := range []struct {
		name    string
		network transport
		want    string
	}{
		{"no network", noNetwork, "no network"},
		{"silent network", silent, "no answer within 100ms"},
		{"damaged archive", release(t, damaged), "invalid checksum"},
		{"truncated archive", release(t, packed[:len(packed)/2]), "unexpected EOF"},
		{"no archive", release(t, []byte("<html></html>")), "invalid header"},
		{"archive without a plugin", release(t, archive(t, [2]string{"LICENSE", ""})), "no plugin"},
		{"no library", release(t, archive(t, [2]string{cpuPlugin, "<html>"})), "no complete shared library"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := emptyMachine(t, test.network)
			start := time.Now()
			_, err := PreparePlugin(t.Context(), io.Discard)
			expect.ErrorLine(t, err, test.want, "no python3")
			if elapsed := time.Since(start); elapsed > 5*time.Second {
				t.Errorf("it took %v to give up", elapsed)
			}
			entries, _ := os.ReadDir(filepath.Dir(path))
			for _, entry := range entries {
				if strings.HasSuffix(entry.Name(), ".lock") {
					continue
				}
				t.Errorf("%s was left behind", entry.Name())
			}
		})
	}
}

func TestPreparePluginInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	emptyMachine(t, transport(func(*http.Request) (*http.Response, error) {
		cancel()
		<-t.Context().Done()
		return nil, t.Context().Err()
	}))
	_, err := PreparePlugin(ctx, io.Discard)
	expect.ErrorLine(t, err, "prepare XLA", "canceled")
}

func TestPreparePluginUnwritable(t *testing.T) {
	emptyMachine(t, noNetwork)
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, nil)
	t.Setenv("CRLSO_CACHE", file)
	_, err := PreparePlugin(t.Context(), io.Discard)
	expect.ErrorLine(t, err, file, "not a directory", "CRLSO_CACHE")
}

func TestPreparePluginForCard(t *testing.T) {
	content := library(t, notReally)
	path := emptyMachine(t, noNetwork)
	hasNVIDIA = func() bool { return true }
	card := filepath.Join(filepath.Dir(path), "nvidia", cudaPlugin)
	writeFile(t, card, content)
	var log strings.Builder
	if got, err := PreparePlugin(t.Context(), &log); err != nil || got != card {
		t.Errorf("with a CUDA plugin: PreparePlugin() = %s, %v", got, err)
	}
	if !strings.Contains(log.String(), "going on without the CPU plugin") {
		t.Errorf("the log does not say that the CPU plugin is missing: %q", log.String())
	}
	writeFile(t, path, content)
	log.Reset()
	if got, err := PreparePlugin(t.Context(), &log); err != nil || got != card || log.Len() > 0 {
		t.Errorf("with both plugins: PreparePlugin() = %s, %v, %q", got, err, log.String())
	}
	if err := os.Remove(card); err != nil {
		t.Fatal(err)
	}
	if got, err := PreparePlugin(t.Context(), &log); err != nil || got != path {
		t.Errorf("without: PreparePlugin() = %s, %v", got, err)
	}
	if !strings.Contains(log.String(), cudaPlugin) {
		t.Errorf("the log does not say that the CUDA plugin is missing: %q", log.String())
	}
}
