// Command startkernel starts the kernel of the project's notebooks, GoNB, for any front end:
//
//	startkernel PROJECT connection.json
//
// It finds out what only the start of a kernel can tell: where the notebook lies, in which
// temporary folder programs can be started, and whether cells will compute without XLA. The
// workspace file that it gives the kernel is never the user's. Cells and compilers end with the
// kernel, and the kernel with the front end, also when one of them is killed.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

func main() {
	supervise.Watcher()
	log.SetFlags(0)
	log.SetPrefix("startkernel: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: startkernel PROJECT CONNECTION_FILE")
	}
	status, err := run(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

// run runs a kernel to its end, and returns its exit status. Cells import the packages of the
// project that the notebook lies in, and of the given one elsewhere.
func run(root, connection string) (status int, err error) {
	here, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if above := source.Project(here); above != "" {
		root = above
	}
	if strings.Contains(root, ",") {
		return 0, fmt.Errorf("GoNB cannot use the project in %s: move it to a path without a comma", root)
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	folders := []string{os.TempDir(), os.Getenv("CRLSO_CACHE")}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, cache)
	}
	own, err := ownFolder(folders, runnable)
	if err != nil {
		return 0, err
	}
	// GoNB makes its workspace file where GOWORK says. Else it takes one above the temporary folder
	// for its own, and fails.
	workspace := filepath.Join(own, "go.work")
	defer func() {
		for _, path := range []string{workspace, workspace + ".sum", own} {
			os.Remove(path)
		}
	}()

	if err := supervise.Begin(os.Getppid()); err != nil { // cells work without
		log.Printf("if the kernel is killed, cells go on: %v", err)
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(self), "gonb"), "--kernel", connection, "-raw_error", "-go_work", root)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = environment(own, workspace)
	return runToEnd(cmd)
}

// environment is that of the kernel: this process's, and what it finds out.
func environment(own, workspace string) []string {
	env := append(os.Environ(), "GOWORK="+workspace)
	if filepath.Dir(own) != filepath.Clean(os.TempDir()) {
		env = append(env, "TMPDIR="+own)
	}
	if runtime.GOARCH == "amd64" && os.Getenv("GOEXPERIMENT") == "" && withoutXLA() {
		env = append(env, "GOEXPERIMENT=simd") // 5 to 8 times faster than without
	}
	if os.Getenv("CRLSO_SCALE") == "" {
		env = append(env, "CRLSO_SCALE=laptop") // as the launcher says: names of folders have it
	}
	return env
}

// runToEnd runs the kernel to its end, and returns its exit status.
func runToEnd(cmd *exec.Cmd) (status int, err error) {
	// A signal to the group reaches the kernel once, from here: it cannot bear two, and leaves its
	// files behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// ownFolder makes a new folder in the first of folders that it is good in.
func ownFolder(folders []string, good func(folder string) bool) (string, error) {
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		own, err := os.MkdirTemp(folder, "crlso-kernel-")
		if err != nil {
			continue
		}
		if good(own) {
			return own, nil
		}
		os.Remove(own)
	}
	return "", fmt.Errorf("no program can be started in any of %s: set TMPDIR to a folder whose file system is not mounted noexec, and can be written",
		strings.Join(folders, ", "))
}

// runnable says whether a program can be started in a folder: not where the file system is mounted
// noexec.
func runnable(folder string) bool {
	program := filepath.Join(folder, "program")
	defer os.Remove(program)
	const execute = 1
	return os.WriteFile(program, nil, 0o700) == nil && syscall.Access(program, execute) == nil
}

// withoutXLA says whether cells will compute with GoMLX's Go backend: because the user wants it,
// because there is no C compiler, without which go builds no program that uses C, or because XLA's
// plugin could not be downloaded.
func withoutXLA() bool {
	backend, _, _ := strings.Cut(os.Getenv("GOMLX_BACKEND"), ":")
	if backend != "" {
		return backend == "go"
	}
	if cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err == nil && strings.TrimSpace(string(cgo)) == "0" {
		return true
	}
	lib := filepath.Join(os.Getenv("CRLSO_CACHE"), "xla", "go-xla")
	for _, pattern := range []string{"*.so", "nvidia/*.so"} {
		if plugins, _ := filepath.Glob(filepath.Join(lib, pattern)); plugins != nil {
			return false
		}
	}
	return true
}
