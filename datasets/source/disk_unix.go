//go:build linux || darwin

package source

import "syscall"

// mayWrite returns an error unless this user may write to a folder.
func mayWrite(dir string) error {
	const write = 2 // unix.W_OK
	return syscall.Access(dir, write)
}

// freeMB returns the space that is free on a folder's disk, if the system says.
func freeMB(dir string) (mb uint64, ok bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, false
	}
	return disk.Bavail * uint64(disk.Bsize) >> 20, true
}
