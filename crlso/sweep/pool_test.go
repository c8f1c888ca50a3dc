package main

import (
	"io"
	"strings"
	"testing"
)

// The pool takes no address that is none, and says what it exposes.
func TestServePool(t *testing.T) {
	if err := servePool("50000", io.Discard); err == nil || !strings.Contains(err.Error(), "want HOST:PORT") {
		t.Errorf("error %v", err)
	}
	for address, want := range map[string]bool{":0": false, "localhost:0": false, "0.0.0.0:0": true} {
		read, write := io.Pipe()
		go servePool(address, write)
		said := make([]byte, 1000)
		n, _ := read.Read(said)
		if want {
			m, _ := read.Read(said[n:])
			n += m
		}
		if got := strings.Contains(string(said[:n]), "open to other machines"); got != want || !strings.Contains(string(said[:n]), "a pool of workers is at ") {
			t.Errorf("at %s it says %s", address, said[:n])
		}
	}
}
