package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled kills go run, the launcher, its Python or its kernel while a cell computes. After a
// second nothing is left of what they have started.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	path := writeNotebook(t, "endless", `import "os/exec"
%%
other := exec.Command("setsid", "sleep", "1000")
if err := other.Start(); err != nil {
	panic(err)
}
fmt.Println("processes", os.Getpid(), os.Getppid(), other.Process.Pid)
time.Sleep(time.Hour)`)
	for _, victim := range []string{"go run", "the launcher", "Python", "the kernel"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			cmd := launch(t, "run", path, "-scale", "smoke", "-o", t.TempDir())
			if victim == "go run" {
				cmd = exec.CommandContext(t.Context(), "go", append([]string{"run", "."}, cmd.Args[1:]...)...)
			}
			var stdout, stderr lockedBuffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.WaitDelay = time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			started := regexp.MustCompile(`processes (\d+) (\d+) (\d+)`)
			within(t, 5*time.Minute, "start of the cell", func() bool { return started.MatchString(stdout.String()) })
			var cell, kernel, other int
			fmt.Sscanf(started.FindString(stdout.String()), "processes %d %d %d", &cell, &kernel, &other)
			python := kernel
			for !strings.HasPrefix(program(t, python), "python") {
				python = parent(t, python)
			}
			launcher := parent(t, python)
			if name := program(t, launcher); !strings.HasPrefix(name, "notebooks") {
				t.Fatalf("the launcher is %q", name)
			}
			ended := []int{cell, kernel, other}
			switch victim {
			case "go run":
				ended = append(ended, python, launcher)
				syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
			case "the launcher":
				ended = append(ended, python)
				syscall.Kill(launcher, syscall.SIGKILL)
			case "Python":
				syscall.Kill(python, syscall.SIGKILL)
			case "the kernel":
				syscall.Kill(kernel, syscall.SIGKILL)
			}
			time.Sleep(time.Second)
			for _, pid := range ended {
				if isRunning(pid) {
					t.Errorf("process %d goes on", pid)
				}
			}
			switch cmd.Wait(); victim {
			case "Python":
				wantLine(t, stderr.String(), "endless: Python was ended from outside: signal: killed")
			case "the kernel":
				wantLine(t, stderr.String(), "endless.ipynb, cell 1 of 1", "the kernel died")
			}
		})
	}
}

// TestKilledLab kills the launcher while JupyterLab has a kernel.
func TestKilledLab(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	cmd, server, log := startLab(t, func(*exec.Cmd) {})
	request, err := http.NewRequestWithContext(t.Context(), "POST", server+"/api/kernels", strings.NewReader(`{"name": "crlso"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "token "+labToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("starting a kernel: %s\n%s", response.Status, log.String())
	}
	lab := children(t, cmd.Process.Pid)
	kernels := children(t, lab[len(lab)-1])
	if len(kernels) == 0 || !strings.HasPrefix(program(t, lab[len(lab)-1]), "python") {
		t.Fatalf("the launcher has the children %d, the last of them %d", lab, kernels)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	for _, pid := range append(lab, kernels...) {
		if isRunning(pid) {
			t.Errorf("process %d goes on", pid)
		}
	}
	cmd.Wait()
}

// children returns the processes that a process has started, in the order of their numbers.
func children(t *testing.T, pid int) (numbers []int) {
	t.Helper()
	output, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatalf("the children of %d: %v", pid, err)
	}
	for _, field := range strings.Fields(string(output)) {
		number, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, number)
	}
	return numbers
}

// parent returns the number of a process's parent.
func parent(t *testing.T, pid int) (number int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nPPid:")
	if _, err := fmt.Sscan(rest, &number); err != nil {
		t.Fatal(err)
	}
	return number
}

// program returns the file name of the program that a process runs.
func program(t *testing.T, pid int) string {
	t.Helper()
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path)
}

// isRunning reports whether a process runs, which one that only its parent has to take note of does
// not.
func isRunning(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && !strings.Contains(string(status), "\nState:\tZ")
}

// TestTwoLogs opens a log that another launcher is writing to.
func TestTwoLogs(t *testing.T) {
	p := &project{own: t.TempDir()}
	for range 2 { // the second time, the first logs are there and nobody's
		var logs []*os.File
		for i := range 3 {
			log, err := p.openLog("quickstart")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(log, "launcher", i)
			logs = append(logs, log)
		}
		for i, name := range []string{"quickstart.log", "quickstart-2.log", "quickstart-3.log"} {
			text, err := os.ReadFile(filepath.Join(p.own, "log", name))
			if want := fmt.Sprintf("launcher %d\n", i); err != nil || string(text) != want || filepath.Base(logs[i].Name()) != name {
				t.Errorf("%s holds %q, want %q; %v", logs[i].Name(), text, want, err)
			}
			logs[i].Close()
		}
	}
}
