package source

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakePython puts a python3 on PATH, alone: a shell script.
func fakePython(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestPythonErrors(t *testing.T) {
	tests := []struct {
		name, script string
		want         []string
	}{
		{"none", "", []string{"no python3 on PATH", "3.11.2"}},
		{"too old", `echo 3.9.2 False`, []string{"Python 3.9.2", "3.11.2"}},
		{"does not run", `exit 3`, []string{"exit status 3"}},
		{"no venv", `
			[ "$1" = -Ic ] && echo 3.11.2 True && exit
			mkdir -p "$3/bin"
			echo 'The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv

You may need to use sudo with that command.'
			exit 1`, []string{"apt install python3.11-venv"}},
		{"venv fails", `
			[ "$1" = -Ic ] && echo 3.11.2 True && exit
			printf 'Traceback (most recent call last):\nOSError: no luck\n' >&2
			exit 1`, []string{"OSError: no luck"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cache := t.TempDir()
			t.Setenv(cacheVar, cache)
			if test.script == "" {
				t.Setenv("PATH", "")
			} else {
				path := os.Getenv("PATH")
				fakePython(t, "PATH="+path+"\n"+test.script)
			}
			_, err := Python(t.Context(), io.Discard)
			wantError(t, err, append(test.want, filepath.Join(cache, "venv"))...)
			wantEntries(t, cache)
		})
	}
}

func TestPythonFromTwoProcesses(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(cacheVar, cache)
	made := filepath.Join(t.TempDir(), "made")
	fakePython(t, "PATH="+os.Getenv("PATH")+`
		case "$1 $2" in *version_info*) echo 3.11.2 True;; *"pip\", \"config"*) echo {};; esac
		[ "$2" = venv ] || exit 0
		echo made >>`+made+`
		mkdir -p "$3/bin" && sleep 0.2 && ln -s "$0" "$3/bin/python"`)
	var processes sync.WaitGroup
	for range 2 {
		processes.Go(func() {
			if output, err := child("python").Output(); err != nil || len(output) > 0 {
				t.Errorf("%v %s", err, output)
			}
		})
	}
	processes.Wait()
	wantFile(t, made, []byte("made\n"))
	wantEntries(t, cache, "venv")
}

func TestPythonUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv(cacheVar, filepath.Join(file, "cache"))
	_, err := Python(t.Context(), io.Discard)
	wantError(t, err, file, "not a directory", cacheVar)
}

// TestPython makes one virtual environment, as a user's first run does, and uses it throughout.
func TestPython(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	cache := t.TempDir()
	t.Setenv(cacheVar, cache)
	t.Setenv("HOME", t.TempDir())

	// An environment that an upgrade of Python broke.
	venv := filepath.Join(cache, "venv")
	if err := os.MkdirAll(filepath.Join(venv, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{venvComplete, markFile, "left-over"} {
		if err := os.WriteFile(filepath.Join(venv, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/nowhere/python3", filepath.Join(venv, "bin", "python")); err != nil {
		t.Fatal(err)
	}
	python, err := Python(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(python, "-m", "pip", "--version").Output(); err != nil || !strings.HasPrefix(string(output), strings.Replace(pip, "==", " ", 1)+" ") {
		t.Fatalf("pip says %q, %v; want %s", output, err, pip)
	}
	if _, err := os.Stat(filepath.Join(venv, "left-over")); err == nil {
		t.Error("the broken environment was used again")
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), ".cache")); err == nil {
		t.Error("pip left files in $HOME")
	}

	// From here on pip's index is a folder.
	index := t.TempDir()
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", index)
	wheel := makeWheel(t, index, "probe_package", "1.0", "answer = 42\n")
	w := Wheel{Name: "probe-package", Version: "1.0", SHA256: wheel}

	t.Run("there is nothing left to do", func(t *testing.T) {
		t.Setenv("PATH", "")
		if again, err := Python(t.Context(), io.Discard); err != nil || again != python {
			t.Errorf("Python() = %s, %v", again, err)
		}
	})
	t.Run("PipInstall", func(t *testing.T) { testPipInstall(t, python) })
	t.Run("PipInstall where pip installs elsewhere", testPipListens)
	t.Run("a package lost a file", func(t *testing.T) { testDamaged(t, python) })
	t.Run("PipTarget", testPipTarget)
	t.Run("FetchWheel", func(t *testing.T) { testFetchWheel(t, w) })
	t.Run("FetchWheel fails", func(t *testing.T) { testFetchWheelErrors(t, w) })
	t.Run("FetchWheel interrupted", func(t *testing.T) { testFetchWheelInterrupted(t, w) })
	t.Run("half made", func(t *testing.T) {
		if err := os.Remove(filepath.Join(venv, venvComplete)); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", "")
		_, err := Python(t.Context(), io.Discard)
		wantError(t, err, "no python3") // it sets out to make it again
	})
}

func testPipInstall(t *testing.T, python string) {
	requirements := filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(requirements, []byte("probe-package==1.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	if err := PipInstall(t.Context(), requirements, &log); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "Successfully installed probe-package-1.0") {
		t.Errorf("the log lacks pip's progress: %q", log.String())
	}
	if output, err := exec.Command(python, "-Ic", "import probe_package; print(probe_package.answer)").Output(); string(output) != "42\n" {
		t.Errorf("the package says %q, %v", output, err)
	}
	log.Reset()
	if err := PipInstall(t.Context(), requirements, &log); err != nil || log.Len() > 0 {
		t.Errorf("the second time: %v, %q", err, log.String())
	}
	more := filepath.Join(filepath.Dir(requirements), "more.txt")
	if err := os.WriteFile(more, []byte("-r requirements.txt\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := PipInstall(t.Context(), more, io.Discard); err != nil {
		t.Errorf("what another file names: %v", err)
	}

	if err := os.WriteFile(requirements, []byte("probe-package==2.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, PipCheck(t.Context(), more), "probe-package 1.0 is there, and should be 2.0")
	wantError(t, PipInstall(t.Context(), requirements, io.Discard), requirements, "probe-package==2.0")
	wantError(t, PipInstall(t.Context(), requirements+".missing", io.Discard), requirements+".missing", "no such file")
}

// requirements writes a file of requirements.
func requirements(t *testing.T, lines string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "requirements.txt")
	if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// testPipListens installs where everything in the user's environment and files tells pip and Python
// to do otherwise, and where a file tells it where packages are, which is what it must hear.
func testPipListens(t *testing.T) {
	elsewhere, index, config := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "pip.conf")
	makeWheel(t, index, "heard_package", "1.0", "answer = 43\n")
	constraints := requirements(t, "heard-package==0.9\n")
	settings := fmt.Sprintf("[global]\nfind-links = %s\n[install]\nuser = true\ntarget = %s\nconstraint = %s\nno-deps = true\n", index, elsewhere, constraints)
	if err := os.WriteFile(config, []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PIP_FIND_LINKS", "") // as if it were not set
	for variable, value := range map[string]string{
		"PIP_CONFIG_FILE": config, "PIP_USER": "1", "PIP_TARGET": elsewhere, "PIP_PREFIX": elsewhere, "PIP_ROOT": elsewhere,
		"PIP_CONSTRAINT": constraints, "PIP_REQUIREMENT": "/nowhere", "PIP_REQUIRE_VIRTUALENV": "maybe", "PIP_DRY_RUN": "1",
		"PIP_PYTHON": "/nowhere/python", "PIP_NO_BINARY": ":all:", "PIP_LOG": filepath.Join(elsewhere, "log"),
		"PYTHONPATH": elsewhere, "PYTHONHOME": elsewhere, "PYTHONSTARTUP": elsewhere,
	} {
		t.Setenv(variable, value)
	}
	if err := PipInstall(t.Context(), requirements(t, "# why it is here\nheard-package==1.0 # and why this one\n"), io.Discard, "heard_package"); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, elsewhere)
	if err := PipTarget(t.Context(), []string{"heard-package==1.0"}, elsewhere, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantFile(t, filepath.Join(elsewhere, "heard_package.py"), []byte("answer = 43\n"))
}

// testDamaged wants an environment to be made anew that has lost a file, or has another version of
// a package.
func testDamaged(t *testing.T, python string) {
	file := requirements(t, "probe-package==1.0\n")
	if err := PipInstall(t.Context(), file, io.Discard); err != nil {
		t.Fatal(err)
	}
	packages, err := filepath.Glob(filepath.Join(filepath.Dir(python), "..", "lib", "*", "site-packages"))
	if err != nil || len(packages) != 1 {
		t.Fatal(packages, err)
	}
	t.Setenv("PATH", "") // so it can set out, and no more
	for _, damage := range []struct{ name, want, becomes string }{
		{"probe_package.py", "has a damaged file", "answer ="},
		{"probe_package-1.0.dist-info/METADATA", "2.0 is there, and should be 1.0", "Name: probe_package\nVersion: 2.0\n"},
		{"probe_package.py", "lacks the file", ""},
	} {
		path := filepath.Join(packages[0], damage.name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if os.Remove(path); damage.becomes != "" {
			err = os.WriteFile(path, []byte(damage.becomes), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, PipCheck(t.Context(), file), "probe", damage.want)
		var log strings.Builder
		wantError(t, PipInstall(t.Context(), file, &log), "no python3")
		if !strings.Contains(log.String(), damage.want) || !strings.Contains(log.String(), "anew") {
			t.Errorf("the log does not say %q: %q", damage.want, log.String())
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := PipInstall(t.Context(), file, io.Discard); err != nil {
		t.Errorf("repaired: %v", err)
	}
}

// TestPipInstallIncomplete wants no stamp, and a new environment next time, where pip says that all
// went well.
func TestPipInstallIncomplete(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(cacheVar, cache)
	fakePython(t, "PATH="+os.Getenv("PATH")+`
		case "$1 $2" in *version_info*) echo 3.11.2 True;; *"pip\", \"config"*) echo {};; esac
		case "$*" in *torn_module) echo "torn_module does not import: SyntaxError";; esac
		[ "$2" = venv ] && mkdir -p "$3/bin" && ln -s "$0" "$3/bin/python"; exit 0`)
	err := PipInstall(t.Context(), requirements(t, "torn-package==1.0\n"), io.Discard, "torn_module")
	wantError(t, err, "torn_module does not import", "SyntaxError", "run again")
	wantEntries(t, cache)
}

// Texts of pip 25.3 and of Python 3.11's venv on disks that were full.
func TestReasonOfFullDisk(t *testing.T) {
	for said, want := range map[string]string{
		`ERROR: Exception:
Traceback (most recent call last):
  File "venv/lib/python3.11/site-packages/pip/_internal/cli/base_command.py", line 107, in _run_wrapper
    status = _inner_run()
             ^^^^^^^^^^^^
  File "venv/lib/python3.11/site-packages/pip/_internal/network/download.py", line 156, in write_chunk
    self.output_file.write(data)
OSError: [Errno 28] No space left on device
`: ": OSError: [Errno 28] No space left on device",
		"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n\n\n[notice] A new release of pip is available\n": ": ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
	} {
		if got := reason(said); got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
		if got := freeSpace(t.TempDir(), said); !strings.Contains(got, "free some space, or set "+cacheVar) {
			t.Errorf("it does not say what to do: %q", got)
		}
	}
	if got := freeSpace(t.TempDir(), "ERROR: No matching distribution found"); got != "" {
		t.Errorf("another error gets the advice %q", got)
	}
}

// TestVenvOfTheUser has something else where the environment goes: it must stay as it is.
func TestVenvOfTheUser(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(cacheVar, cache)
	mine := filepath.Join(cache, "venv", "mine")
	if err := os.MkdirAll(filepath.Dir(mine), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Python(t.Context(), io.Discard)
	wantError(t, err, filepath.Dir(mine), "stays as it is", "move it away", cacheVar)
	wantFile(t, mine, []byte("mine"))
	wantEntries(t, filepath.Dir(mine), "mine")
}

func testFetchWheel(t *testing.T, w Wheel) {
	dir := filepath.Join(t.TempDir(), "new")
	path, err := FetchWheel(t.Context(), w, dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := checksum(path); err != nil || got != w.SHA256 || filepath.Dir(path) != dir {
		t.Errorf("FetchWheel() = %s with SHA-256 %s, %v", path, got, err)
	}
	wantEntries(t, dir, filepath.Base(path))

	var progress strings.Builder
	if again, err := FetchWheel(t.Context(), w, dir, &progress); err != nil || again != path || progress.Len() > 0 {
		t.Errorf("the second time: %s, %v, %q", again, err, progress.String())
	}
	if err := os.WriteFile(path, []byte("altered"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := FetchWheel(t.Context(), w, dir, &progress); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(progress.String(), path+" has SHA-256") {
		t.Errorf("the altered file is not reported: %q", progress.String())
	}
	if got, err := checksum(path); err != nil || got != w.SHA256 {
		t.Errorf("the altered file stays: %v", err)
	}
}

func testPipTarget(t *testing.T) {
	dir := t.TempDir()
	if err := PipTarget(t.Context(), []string{"probe-package==1.0"}, dir, io.Discard); err != nil {
		t.Fatal(err)
	}
	if module, err := os.ReadFile(filepath.Join(dir, "probe_package.py")); err != nil || string(module) != "answer = 42\n" {
		t.Errorf("the package's module is %q, %v", module, err)
	}
	err := PipTarget(t.Context(), []string{"probe-package==1.0", "probe-package-2==1.0"}, t.TempDir(), io.Discard)
	wantError(t, err, "install the Python packages", "probe-package-2==1.0")
}

func testFetchWheelErrors(t *testing.T, w Wheel) {
	dir := t.TempDir()
	w.SHA256 = strings.Repeat("0", 64)
	_, err := FetchWheel(t.Context(), w, dir, io.Discard)
	wantError(t, err, "probe-package==1.0", w.SHA256)
	wantEntries(t, dir)

	w.Version = "2.0"
	_, err = FetchWheel(t.Context(), w, dir, io.Discard)
	wantError(t, err, "No matching distribution found for probe-package==2.0")
	wantEntries(t, dir)

	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	t.Setenv("PIP_NO_INDEX", "")
	t.Setenv("PIP_INDEX_URL", dead.URL)
	t.Setenv("PIP_RETRIES", "1")
	_, err = FetchWheel(t.Context(), w, dir, io.Discard)
	wantError(t, err, "probe-package==2.0", "no connection", "Connection refused: ", dir)
	wantEntries(t, dir)
}

func testFetchWheelInterrupted(t *testing.T, w Wheel) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	t.Setenv("PIP_NO_INDEX", "")
	t.Setenv("PIP_FIND_LINKS", "")
	t.Setenv("PIP_INDEX_URL", silent.URL)
	dir := t.TempDir()
	start := time.Now()
	_, err := FetchWheel(ctx, w, dir, io.Discard)
	wantError(t, err, "probe-package==1.0", "canceled")
	wantEntries(t, dir)
	if elapsed := time.Since(start); elapsed > 10*time.Second {
		t.Errorf("it took %v to stop", elapsed)
	}
}

// makeWheel writes a wheel with one module to dir and returns its checksum.
func makeWheel(t *testing.T, dir, name, version, module string) (sum string) {
	t.Helper()
	path := filepath.Join(dir, name+"-"+version+"-py3-none-any.whl")
	err := WriteFile(path, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		info := name + "-" + version + ".dist-info/"
		for _, file := range [][2]string{
			{name + ".py", module},
			{info + "METADATA", fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)},
			{info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
			{info + "RECORD", fmt.Sprintf("%s.py,,%[3]d\n%[2]sMETADATA,,\n%[2]sWHEEL,,\n%[2]sRECORD,,\n", name, info, len(module))},
		} {
			entry, err := archive.Create(file[0])
			if err != nil {
				return err
			}
			if _, err := io.WriteString(entry, file[1]); err != nil {
				return err
			}
		}
		return archive.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum, err = checksum(path); err != nil {
		t.Fatal(err)
	}
	return sum
}
