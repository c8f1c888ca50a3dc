//go:build long

package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestNoexecTemporaryFolder mounts one, in a process that sees mounts of its own: root may, and
// others in a namespace in which they are root.
func TestNoexecTemporaryFolder(t *testing.T) {
	const variable = "CRLSO_TEST_NOEXEC"
	if folder := os.Getenv(variable); folder != "" {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_NOEXEC, ""); err != nil {
			t.Fatal(err)
		}
		if runnable(folder) {
			t.Error("a program is said to start in a folder that is mounted noexec")
		}
		return
	}
	folder := t.TempDir()
	if !runnable(folder) {
		t.Errorf("no program is said to start in %s", folder)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), variable+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}
