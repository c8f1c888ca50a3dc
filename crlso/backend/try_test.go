//go:build !noxla && cgo && linux

package backend

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/expect"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/pjrt"
)

// programVar in the environment makes the test binary a program of a user's own.
const programVar = "CRLSO_TEST_PROGRAM"

func init() {
	if os.Getenv(programVar) != "" && os.Getenv(tryVar) == "" {
		for range 2 {
			backend, err := New()
			if err != nil {
				fmt.Print(err)
				os.Exit(0)
			}
			fmt.Print(backend.Name(), " ")
		}
		os.Exit(0)
	}
}

// program runs such a program in a folder outside of the project, on a machine with no more than
// env says.
func program(t *testing.T, env ...string) (stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = t.TempDir()
	cmd.Env = append(append(os.Environ(), "HOME="+cmd.Dir, "XDG_CACHE_HOME=", "CRLSO_CACHE=", compute.ConfigEnvVar+"=", flagsVar+"=",
		pjrt.PJRTPluginPathsEnv+"=", programVar+"=1"), env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return out.String(), said.String()
}

// TestProgramElsewhere finds the plugin where a user may have it, or says once what to do.
func TestProgramElsewhere(t *testing.T) {
	path, home := plugin(t), t.TempDir()
	users := filepath.Join(home, ".cache", "cr-lso", "xla", "go-xla", cpuPlugin)
	if err := os.MkdirAll(filepath.Dir(users), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, users); err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{
		"HOME=" + home,
		"XDG_CACHE_HOME=" + filepath.Join(home, ".cache"),
		"CRLSO_CACHE=" + filepath.Join(home, ".cache", "cr-lso"),
	} {
		if stdout, stderr := program(t, env); !strings.HasSuffix(stdout, "xla xla ") || stderr != "" {
			t.Errorf("with %s the backend is %q, and the program says %q", env, stdout, stderr)
		}
	}
	stdout, stderr := program(t)
	if strings.Count(stdout, "Go Backend ") != 2 {
		t.Errorf("without a plugin the backend is %q", stdout)
	}
	expect.ErrorLine(t, fmt.Errorf("%s", strings.TrimSuffix(stderr, "\n")), "several times slower", "call backend.PreparePlugin", "set CRLSO_CACHE")
}

// TestXLAFlags takes flags, and does not end at one that XLA does not know.
func TestXLAFlags(t *testing.T) {
	cache := filepath.Dir(filepath.Dir(filepath.Dir(plugin(t))))
	if stdout, stderr := program(t, "CRLSO_CACHE="+cache, flagsVar+"=--xla_cpu_enable_fast_math=true"); !strings.HasSuffix(stdout, "xla xla ") || stderr != "" {
		t.Errorf("with a flag that it knows the backend is %q, and the program says %q", stdout, stderr)
	}
	for flags, why := range map[string]string{
		"--xla_nonsense=1":                 "Unknown flag in XLA_FLAGS: --xla_nonsense=1",
		"--xla_cpu_enable_fast_math=maybe": "Flag parsing failed",
		"/no/such/file":                    "Could not open file",
	} {
		stdout, stderr := program(t, "CRLSO_CACHE="+cache, flagsVar+"="+flags)
		if strings.Count(stdout, "Go Backend ") != 2 {
			t.Errorf("%s: the backend is %q", flags, stdout)
		}
		want := []string{"several times slower", flagsVar + "=" + flags, why, "unset it"}
		expect.ErrorLine(t, fmt.Errorf("%s", strings.TrimSuffix(stderr, "\n")), want...)
		if stdout, _ := program(t, "CRLSO_CACHE="+cache, flagsVar+"="+flags, compute.ConfigEnvVar+"=xla"); !strings.Contains(stdout, "unset it") {
			t.Errorf("%s: with %s=xla: %q", flags, compute.ConfigEnvVar, stdout)
		}
	}
}

// TestCrashingPlugin tells of a plugin that ends its process, installs none, and deletes none of
// the user's.
func TestCrashingPlugin(t *testing.T) {
	crashes := library(t, "#include <stdlib.h>\nvoid *GetPjrtApi(void) { abort(); }")
	path := emptyMachine(t, release(t, archive(t, [2]string{cpuPlugin, string(crashes)})))
	_, err := PreparePlugin(t.Context(), os.Stderr)
	expect.ErrorLine(t, err, path, "ends the process", "removed")
	if _, err := os.Stat(path); err == nil {
		t.Error("the plugin stays")
	}
	writeFile(t, path, crashes)
	expect.ErrorLine(t, Try(t.Context()), "XLA ends the process", compute.ConfigEnvVar+"=go")
	t.Setenv(compute.ConfigEnvVar, "go")
	if err := Try(t.Context()); err != nil {
		t.Errorf("without XLA: %v", err)
	}
}

// TestPluginByHand leaves a file that is no plugin, and was not put there by PreparePlugin.
func TestPluginByHand(t *testing.T) {
	path := emptyMachine(t, noNetwork)
	writeFile(t, path, []byte("mine"))
	_, err := PreparePlugin(t.Context(), os.Stderr)
	expect.ErrorLine(t, err, path, "by hand", "stays as it is", "delete it")
	if content, err := os.ReadFile(path); err != nil || string(content) != "mine" {
		t.Errorf("the file is %q, %v", content, err)
	}
}

// TestPreparePluginElsewhere installs into the user's cache for a program that is started outside
// of the project.
func TestPreparePluginElsewhere(t *testing.T) {
	emptyMachine(t, release(t, archive(t, [2]string{cpuPlugin, string(library(t, notReally))})))
	t.Setenv("CRLSO_CACHE", "")
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Chdir(t.TempDir())
	path, err := PreparePlugin(t.Context(), os.Stderr)
	if want := filepath.Join(cache, "cr-lso", "xla", "go-xla", cpuPlugin); err != nil || path != want {
		t.Errorf("PreparePlugin() = %s, %v; want %s", path, err, want)
	}
}
