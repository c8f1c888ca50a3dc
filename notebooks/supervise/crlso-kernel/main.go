// Command crlso-kernel becomes the Jupyter kernel that its arguments start, and lets cells and compilers end with the
// kernel, and the kernel with the program that has started it:
//
//	crlso-kernel gonb --kernel connection.json
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

func main() {
	supervise.Watcher()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: crlso-kernel PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	path, err := exec.LookPath(os.Args[1])
	if err == nil {
		if err := supervise.Begin(os.Getppid()); err != nil { // cells work without
			fmt.Fprintln(os.Stderr, "crlso-kernel: if the kernel is killed, cells go on:", err)
		}
		err = syscall.Exec(path, os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "crlso-kernel:", err)
	os.Exit(1)
}
