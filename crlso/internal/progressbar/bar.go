// Package progressbar has the one progress bar of long computations.
package progressbar

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// New returns a bar on w that shows done of total, and the time left, and disappears when it is
// finished. A nil writer shows none. Options are for what shall be otherwise.
func New(w io.Writer, name string, total, done int, options ...progressbar.Option) *progressbar.ProgressBar {
	if w == nil {
		w = io.Discard
	}
	bar := progressbar.NewOptions(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(name),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(200 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true),
	}, options...)...)
	bar.Set(done)
	return bar
}
