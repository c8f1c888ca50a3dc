// Package command evaluates architectures by any program: one that trains, or that submits a
// training to a cluster and waits.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
)

// Evaluator is a datasets.Evaluator that runs a program for each architecture.
//
// The program finds the architecture as JSON on its standard input and in the environment variable
// CRLSO_ARCH: as the architecture's MarshalJSON has it, or as a string of what it prints. The last
// line that it prints to standard output is the answer: a number, the validation accuracy in
// percent, or an object such as {"accuracy": 91.2, "latency": 3.1}, all of whose values are
// numbers.
//
// An exit status, an answer that is none and a time-out are failures of the architecture, with the
// last lines of standard error as the reason. A program that cannot be started is an error that
// ends the search. When the search is interrupted or the time is over, the program and what it has
// started get SIGTERM, and three seconds to keep what they want; it is asked for again when the
// search goes on. Whatever a program has started itself is killed when it is done.
type Evaluator struct {
	Program []string      // with its arguments
	Timeout time.Duration // of one evaluation; 0 is none
}

// grace is how long a program may take to end.
const grace = 3 * time.Second

// Evaluate implements datasets.Evaluator.
func (e Evaluator) Evaluate(ctx context.Context, a datasets.Arch) (datasets.Measurement, error) {
	object, err := Marshal(a)
	if err != nil {
		return datasets.Measurement{}, err
	}
	within := ctx
	if e.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, e.Timeout)
		defer cancel()
	}
	var said, complained tail
	run := exec.CommandContext(within, e.Program[0], e.Program[1:]...)
	run.Env = append(os.Environ(), "CRLSO_ARCH="+string(object))
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(append(object, '\n')), &said, &complained
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it and what it starts are killed together
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGTERM) }
	run.WaitDelay = grace
	if err := run.Start(); err != nil {
		return datasets.Measurement{}, fmt.Errorf("start %s: %w; check the command", e.Program[0], err)
	}
	err = run.Wait()
	syscall.Kill(-run.Process.Pid, syscall.SIGKILL) // those that outlive it; an error says that there are none
	switch {
	case ctx.Err() != nil:
		return datasets.Measurement{}, context.Cause(ctx)
	case within.Err() != nil:
		return datasets.Measurement{}, failed(fmt.Sprintf("it took longer than %v", e.Timeout), &complained)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return datasets.Measurement{}, failed(err.Error(), &complained)
	}
	m, err := parse(said.last())
	if err != nil {
		return m, failed(err.Error(), &complained)
	}
	return m, nil
}

// Marshal returns an architecture as programs get it.
func Marshal(a datasets.Arch) ([]byte, error) {
	if marshaler, ok := a.(json.Marshaler); ok {
		return marshaler.MarshalJSON()
	}
	return json.Marshal(a.String())
}

// failed is the error of an architecture, with what the program complained of.
func failed(why string, complained *tail) error {
	if lines := complained.lines(3); lines != "" {
		why += ": " + lines
	}
	return fmt.Errorf("%w: %s", datasets.ErrFailed, why)
}

// parse reads the last line of a program.
func parse(line string) (m datasets.Measurement, err error) {
	if line == "" {
		return m, errors.New("it printed nothing; want its accuracy in the last line")
	}
	if m.Accuracy, err = strconv.ParseFloat(line, 64); err == nil {
		return m, nil
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(line), &values); err != nil {
		return m, fmt.Errorf("its last line is %q, want a number or an object such as {\"accuracy\": 91.2}", line)
	}
	if _, ok := values["accuracy"]; !ok {
		return m, fmt.Errorf("its last line is %q, which has no \"accuracy\"", line)
	}
	for name, value := range values {
		number, ok := value.(float64)
		switch {
		case !ok:
			return m, fmt.Errorf("its last line is %q, whose %q is no number; print a number, or leave it out", line, name)
		case name == "accuracy":
			m.Accuracy = number
			continue
		case m.Others == nil:
			m.Others = map[string]float64{}
		}
		m.Others[name] = number
	}
	return m, nil
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

const tailSize = 16 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if n := len(t.text); n > 2*tailSize {
		t.text = append(t.text[:0], t.text[n-tailSize:]...)
	}
	return len(p), nil
}

// last returns the last line that is not empty.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// lines returns the last lines that are not empty, 400 characters at most.
func (t *tail) lines(n int) string {
	var kept []string
	for line := range strings.Lines(string(t.text)) {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept[max(0, len(kept)-n):], " / ")
	if len(text) > 400 {
		text = "..." + strings.ToValidUTF8(text[len(text)-400:], "")
	}
	return text
}
