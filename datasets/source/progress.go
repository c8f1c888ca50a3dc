package source

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// lineEvery is how often a download reports on a writer that is no terminal.
const lineEvery = 10 * time.Second

// newBar shows how a file comes in to the bytes written to it: as a bar on a terminal, as a line
// now and then elsewhere. The file has total bytes, -1 if unknown, and starts at start.
func newBar(out io.Writer, name string, start, total int64) io.WriteCloser {
	if file, ok := out.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		if start > 0 { // a bar that starts in the middle shows a speed that never was
			name += ", the rest"
			total = max(total-start, -1)
		}
		b := progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(name),
			progressbar.OptionShowBytes(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionThrottle(100*time.Millisecond))
		return &bar{b, out}
	}
	return &lines{out: out, name: name, done: start, total: total}
}

type bar struct {
	*progressbar.ProgressBar
	out io.Writer
}

// Close leaves the bar as it is: the download may have been cut.
func (b *bar) Close() error {
	_, err := fmt.Fprintln(b.out)
	return err
}

type lines struct {
	out         io.Writer
	name        string
	done, total int64
	last        time.Time
}

func (l *lines) Write(p []byte) (int, error) {
	l.done += int64(len(p))
	if time.Since(l.last) >= lineEvery {
		l.print()
	}
	return len(p), nil
}

func (l *lines) Close() error {
	l.print()
	return nil
}

func (l *lines) print() {
	l.last = time.Now()
	if l.total < 0 {
		fmt.Fprintf(l.out, "%s: %.1f MB\n", l.name, float64(l.done)/1e6)
		return
	}
	fmt.Fprintf(l.out, "%s: %.1f of %.1f MB\n", l.name, float64(l.done)/1e6, float64(l.total)/1e6)
}
