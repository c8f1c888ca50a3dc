package experiment

import "testing"

// The time left is that of each method's finished searches, and the dearest method is named.
func TestTimeLeft(t *testing.T) {
	r := handmade(t, map[string][]float64{"cheap": {1, 2}, "dear": {1}})
	for p, searches := range r.searches {
		for i := range searches {
			last := &searches[i].Steps[len(searches[i].Steps)-1]
			last.Seconds = map[string]float64{"cheap": 1, "dear": 600}[p.method]
		}
	}
	tasks := []task{}
	for range 4 {
		tasks = append(tasks, task{method: Method{Name: "cheap"}, benchmark: &toy{name: "toy"}}, task{method: Method{Name: "dear"}, benchmark: &toy{name: "toy"}})
	}
	p := newProgress(nil, r, tasks, 2)
	defer p.finish()
	p.begin(tasks[1])
	if got, want := p.description(), "dear on toy, seed 0; 20m left, 20m of it for dear"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for range 4 {
		p.end(outcome{task: tasks[1], search: r.searches[pair{"dear", "toy"}][0]})
	}
	if got, want := p.description(), "dear on toy, seed 0; 2s left, 2s of it for cheap"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
