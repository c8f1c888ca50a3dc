package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lockedBuffer is a buffer that one goroutine may write and another read.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// labToken is what JupyterLab asks of those who use it in tests.
const labToken = "secret"

// startLab starts go run ./notebooks lab with further arguments, and returns its command and
// address. The log is for messages of failure.
func startLab(t *testing.T, settings func(*exec.Cmd), args ...string) (cmd *exec.Cmd, server string, log *lockedBuffer) {
	t.Helper()
	args = append([]string{"lab", "--no-browser", "--ServerApp.port=0", "--IdentityProvider.token=" + labToken}, args...)
	cmd, log = launch(t, args...), new(lockedBuffer)
	settings(cmd)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	within(t, 5*time.Minute, "address of the server", func() bool { return address.MatchString(log.String()) })
	server = address.FindString(log.String())
	within(t, time.Minute, "answer of the server", func() bool { // it says its address before it listens
		response, err := http.Get(server + "/api")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
	return cmd, server, log
}

// stopLab stops it as Ctrl-C does.
func stopLab(t *testing.T, cmd *exec.Cmd, log *lockedBuffer) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, log.String())
	}
}

func TestLab(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	cmd, server, log := startLab(t, func(cmd *exec.Cmd) { emptyHome(t, cmd) })

	// call asks the server and returns its answer.
	call := func(method, path, body string, answer any) int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, server+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "token "+labToken)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatalf("%s: %s: %v", path, response.Status, err)
		}
		return response.StatusCode
	}

	var specs struct {
		Kernels map[string]struct {
			Spec struct {
				Language string `json:"language"`
			} `json:"spec"`
		} `json:"kernelspecs"`
	}
	call("GET", "/api/kernelspecs", "", &specs)
	if got := specs.Kernels[kernelName].Spec.Language; got != "go" {
		t.Errorf("JupyterLab does not offer the kernel %s for Go: %+v", kernelName, specs.Kernels)
	}
	var files struct {
		Content []struct {
			Name string `json:"name"`
		} `json:"content"`
	}
	call("GET", "/api/contents/notebooks/testdata", "", &files)
	if len(files.Content) != 1 || files.Content[0].Name != "passes.ipynb" {
		t.Errorf("JupyterLab shows %+v in notebooks/testdata", files.Content)
	}
	var kernel struct {
		ID    string `json:"id"`
		State string `json:"execution_state"`
	}
	if status := call("POST", "/api/kernels", `{"name": "`+kernelName+`"}`, &kernel); status != http.StatusCreated {
		t.Errorf("starting a kernel gave status %d", status)
	}
	within(t, time.Minute, "answer of the kernel", func() bool {
		call("GET", "/api/kernels/"+kernel.ID, "", &kernel)
		return kernel.State == "idle" || kernel.State == "starting"
	})

	stopLab(t, cmd, log)
}

// Who names a folder finds it open, in the project or elsewhere.
func TestPlaceOfLab(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "runs", "class"), 0o755); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(elsewhere, "own.ipynb")
	if err := os.WriteFile(page, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ named, serve, open string }{
		{"", root, "notebooks"},
		{filepath.Join(root, "runs", "class"), root, "runs/class"},
		{elsewhere, elsewhere, ""},
		{page, elsewhere, "own.ipynb"},
	} {
		args := []string{"--no-browser"}
		if test.named != "" {
			args = append([]string{test.named}, args...)
		}
		serve, open, rest, err := placeOf(root, args)
		if err != nil || serve != test.serve || open != test.open || len(rest) != 1 {
			t.Errorf("%q: serves %s, opens %q, leaves %q, %v, want %s and %q", test.named, serve, open, rest, err, test.serve, test.open)
		}
	}
	if _, _, _, err := placeOf(root, []string{filepath.Join(root, "none")}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
