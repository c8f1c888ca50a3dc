package supervise

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// as, if it is set, makes the test binary another program: a front end that starts a kernel, or the
// kernel.
const as = "CRLSO_TEST_AS"

// A shell stands for the kernel. It starts a cell, one that has left its session, and one that
// takes off its mark; the latter is a program of the user's.
const kernel = `
	sleep 1000 &
	setsid sleep 1000 &
	env -u CRLSO_SUPERVISED setsid sleep 1000 </dev/null >/dev/null 2>&1 &
	echo kernel $$ apart $!
	wait`

func TestMain(m *testing.M) {
	Watcher()
	switch os.Getenv(as) {
	case "front end":
		cmd := exec.Command("/proc/self/exe")
		cmd.Env, cmd.Stdout = append(os.Environ(), as+"=kernel"), os.Stdout
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Run()
		fmt.Println("kernel ended")
		time.Sleep(time.Hour)
	case "kernel":
		err := Begin(os.Getppid())
		if err == nil {
			err = syscall.Exec("/bin/sh", []string{"sh", "-c", kernel}, os.Environ())
		}
		panic(err)
	}
	os.Exit(m.Run())
}

// TestKilled kills a front end or a kernel. After a second nothing is left of the kernel and its
// cells.
func TestKilled(t *testing.T) {
	for _, victim := range []string{"front end", "kernel", "kernel's group"} {
		t.Run(victim, func(t *testing.T) {
			t.Parallel()
			front := exec.Command("/proc/self/exe")
			front.Env = append(os.Environ(), as+"=front end")
			stdout, err := front.StdoutPipe()
			if err == nil {
				err = front.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			defer front.Wait()
			defer front.Process.Kill()
			lines := bufio.NewScanner(stdout)
			var pid, apart int
			lines.Scan()
			if _, err := fmt.Sscanf(lines.Text(), "kernel %d apart %d", &pid, &apart); err != nil {
				t.Fatalf("%v: %q", err, lines.Text())
			}
			defer syscall.Kill(apart, syscall.SIGKILL)
			self, err := find(pid)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
			if n := len(marked(self.String())); n < 2 {
				t.Fatalf("%d marked processes, want the cells at least", n)
			}
			switch victim {
			case "front end":
				err = front.Process.Kill()
			case "kernel":
				err = syscall.Kill(pid, syscall.SIGKILL)
			default:
				err = syscall.Kill(-pid, syscall.SIGKILL)
			}
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if left := marked(self.String()); len(left) > 0 || self.runs() {
				t.Errorf("after a second %v run", left)
			}
			if _, err := find(apart); err != nil {
				t.Errorf("a process without the mark was ended: %v", err)
			}
			watchers, err := exec.Command("pgrep", "-f", "^"+watcher+" "+self.String()).Output()
			if text := strings.TrimSpace(string(watchers)); text != "" {
				t.Errorf("the watcher goes on: %s %v", text, err)
			}
		})
	}
}
