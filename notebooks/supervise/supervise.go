// Package supervise lets what a process has started end with it, also when it is killed and can do
// nothing about it any more. It needs Linux.
//
// A watcher is a second process of the same program. It waits until the watched process, or the one
// that this depends on, has ended, and then ends all processes that carry the mark: a variable in
// the environment that every process hands on to those that it starts.
package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	variable = "CRLSO_SUPERVISED" // holds the marks of all supervised processes above, separated by blanks
	watcher  = "crlso-watcher"    // the name that a watcher is started under
	interval = 100 * time.Millisecond
	grace    = 500 * time.Millisecond // for all to end by themselves
)

// Begin makes all that this process starts from now on end with it. Where this process depends on
// others, it ends with them too: it then gets SIGTERM, and some time to end by itself.
func Begin(others ...int) error {
	self, err := find(os.Getpid())
	if err != nil {
		return err
	}
	args := []string{watcher, self.String()}
	for _, pid := range others {
		if other, err := find(pid); err == nil { // else it is in another container, and cannot be seen
			args = append(args, other.String())
		}
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Dir = args, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // signals to the terminal or the group are not for it
	if err := cmd.Start(); err != nil {
		return err
	}
	cmd.Process.Release()
	return os.Setenv(variable, strings.TrimSpace(os.Getenv(variable)+" "+self.String()))
}

// Unmarked is an environment without the mark, for what is not to end with this process.
func Unmarked(env []string) (out []string) {
	for _, entry := range env {
		if !strings.HasPrefix(entry, variable+"=") {
			out = append(out, entry)
		}
	}
	return out
}

// Watcher makes this process a watcher if it was started as one, and does not return then. It has
// to be called before anything else.
func Watcher() {
	if os.Args[0] != watcher {
		return
	}
	var watched []process
	for _, arg := range os.Args[1:] {
		pid, start, _ := strings.Cut(arg, ":")
		number, err := strconv.Atoi(pid)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		watched = append(watched, process{number, start})
	}
	watch(watched)
	os.Exit(0)
}

// watch waits until one of the processes has ended, and ends the first of them and what has its
// mark.
func watch(watched []process) {
	for allRun(watched) {
		time.Sleep(interval)
	}
	first := watched[0]
	if first.runs() {
		syscall.Kill(first.pid, syscall.SIGTERM)
	}
	for began := time.Now(); time.Since(began) < grace && (first.runs() || len(marked(first.String())) > 0); {
		time.Sleep(interval / 4)
	}
	// A process that is just being started may not be seen at the first look.
	for quiet := 0; quiet < 3; time.Sleep(interval / 10) {
		ended := first.kill()
		for _, p := range marked(first.String()) {
			ended = p.kill() || ended
		}
		if quiet++; ended {
			quiet = 0
		}
	}
}

func allRun(processes []process) bool {
	for _, p := range processes {
		if !p.runs() {
			return false
		}
	}
	return true
}

// process is a process, told from a later one of the same number by when it was started.
type process struct {
	pid   int
	start string // clock ticks since the machine was booted
}

func (p process) String() string { return fmt.Sprintf("%d:%s", p.pid, p.start) }

func (p process) runs() bool {
	now, err := find(p.pid)
	return err == nil && now == p
}

// kill reports whether there was something to kill.
func (p process) kill() bool {
	return p.runs() && syscall.Kill(p.pid, syscall.SIGKILL) == nil
}

// find returns the process of a number. It is an error if that has ended, also if its parent has
// not noticed yet.
func find(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The name before the last parenthesis may hold anything. See proc_pid_stat(5): state, field 3,
	// comes next.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return process{}, errors.New("unknown format of " + string(text))
	}
	if state := string(fields[0]); state == "Z" || state == "X" {
		return process{}, os.ErrProcessDone
	}
	return process{pid, string(fields[19])}, nil
}

// marked returns the processes with a mark in their environment.
func marked(mark string) (processes []process) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		env, err := os.ReadFile(path) // fails for those of other users
		if err != nil {
			continue
		}
		for entry := range bytes.SplitSeq(env, []byte{0}) {
			marks, ok := strings.CutPrefix(string(entry), variable+"=")
			if ok && strings.Contains(" "+marks+" ", " "+mark+" ") {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
				if p, err := find(pid); err == nil {
					processes = append(processes, p)
				}
			}
		}
	}
	return processes
}
