package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// step does one step of the preparation. One that takes more than a moment is shown, with the time
// it took, and on a terminal with what it is doing. What do says goes to the log, which the error
// names.
func step(ctx context.Context, name string, log *os.File, do func(log io.Writer) error) error {
	fmt.Fprintf(log, "== %s, %s\n", name, time.Now().Format(time.DateTime))
	status := &status{name: name, began: time.Now(), terminal: isatty.IsTerminal(os.Stdout.Fd())}
	ticker := time.NewTicker(500 * time.Millisecond)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ticker.C:
				status.show()
			case <-stop:
				return
			}
		}
	}()
	err := do(io.MultiWriter(log, status))
	ticker.Stop()
	close(stop)
	<-stopped
	status.finish()

	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted while preparing: %s; run again to go on", name)
	}
	fmt.Fprintln(log, err)
	return fmt.Errorf("%s: %w (log: %s)", name, err, log.Name())
}

// status is a line on the terminal. What is written to it becomes the end of the line.
type status struct {
	name     string
	began    time.Time
	terminal bool
	shown    bool

	mu   sync.Mutex
	last string
}

func (s *status) Write(p []byte) (int, error) {
	if line := lastLine(string(p)); line != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = line
	}
	return len(p), nil
}

func (s *status) show() {
	if !s.terminal {
		if !s.shown {
			fmt.Printf("%s ...", s.name)
		}
	} else {
		s.mu.Lock()
		last := []rune(strings.TrimSpace(s.last))
		s.mu.Unlock()
		fmt.Printf("\r\x1b[K%s ... %.0fs %s", s.name, time.Since(s.began).Seconds(), string(last[:min(len(last), 50)]))
	}
	s.shown = true
}

func (s *status) finish() {
	if s.terminal && s.shown {
		fmt.Printf("\r\x1b[K%s ... %.1fs\n", s.name, time.Since(s.began).Seconds())
	} else if s.shown {
		fmt.Printf(" %.1fs\n", time.Since(s.began).Seconds())
	}
}
