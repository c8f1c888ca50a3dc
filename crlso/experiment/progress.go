package experiment

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	bars "github.com/schollz/progressbar/v3"

	"github.com/cr-lso/cr-lso/crlso/internal/progressbar"
)

// progress shows which search began last, and how much time is left: for each method that of its
// finished searches, as methods take from milliseconds to minutes.
type progress struct {
	bar    *bars.ProgressBar
	atOnce int // searches
	stop   chan struct{}

	mu       sync.Mutex
	last     string             // search that began
	left     map[string]int     // searches of each method
	finished map[string]int     // its searches in results
	seconds  map[string]float64 // what these took
}

// newProgress shows progress through tasks on w, nil for nowhere. What is in results tells how long
// a method takes.
func newProgress(w io.Writer, results *Results, tasks []task, atOnce int) *progress {
	p := &progress{
		bar:    progressbar.New(w, "searches", len(tasks), 0, bars.OptionSetPredictTime(false)),
		atOnce: atOnce, stop: make(chan struct{}), left: map[string]int{}, finished: map[string]int{}, seconds: map[string]float64{},
	}
	for _, t := range tasks {
		p.left[t.method.Name]++
	}
	for pair, searches := range results.searches {
		for _, s := range searches {
			p.took(pair.method, s)
		}
	}
	go p.refresh()
	return p
}

// refresh shows the bar anew every second, as a search may take long.
func (p *progress) refresh() {
	for ticker := time.Tick(time.Second); ; {
		select {
		case <-p.stop:
			return
		case <-ticker:
			p.bar.Describe(p.description())
		}
	}
}

func (p *progress) finish() {
	close(p.stop)
	p.bar.Finish()
}

func (p *progress) took(method string, s Search) {
	p.finished[method]++
	p.seconds[method] += s.Steps[len(s.Steps)-1].Seconds
}

// begin says that a search begins. Several goroutines may call it at once.
func (p *progress) begin(t task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = fmt.Sprintf("%s on %s, seed %d", t.method.Name, t.benchmark.Name(), t.seed)
}

// end says how a search ended.
func (p *progress) end(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left[o.task.method.Name]--
	if o.err == nil {
		p.took(o.task.method.Name, o.search)
	}
	p.bar.Add(1)
}

// description names the search that began last, the time left and the method that takes most of
// it. There is no time as long as no search of some method is finished.
func (p *progress) description() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	total, most, dearest := 0.0, 0.0, ""
	for method, left := range p.left {
		if left == 0 {
			continue
		}
		if p.finished[method] == 0 {
			return p.last
		}
		seconds := float64(left) * p.seconds[method] / float64(p.finished[method]*p.atOnce)
		if total += seconds; seconds > most {
			most, dearest = seconds, method
		}
	}
	return fmt.Sprintf("%s; %s left, %s of it for %s", p.last, rounded(total), rounded(most), dearest)
}

// rounded prints some seconds, to the minute from two minutes on.
func rounded(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 2*time.Minute {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
