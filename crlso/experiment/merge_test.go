package experiment

import (
	"strings"
	"testing"
)

// Two machines share the seeds of an experiment: merged, they are as if one had run all, and a plan
// of all has nothing left to do.
func TestMachinesShareSeeds(t *testing.T) {
	whole, plan := t.TempDir(), newPlan()
	plan.Methods[1].Seeds = 3
	run(t, whole, plan)

	first, second, merged := t.TempDir(), t.TempDir(), t.TempDir()
	half := plan
	half.Seeds = 2
	half.Methods[1].Seeds = 0
	run(t, first, half)
	half.First = 2
	half.Methods[1].Seeds = 1
	run(t, second, half)
	r, err := Merge(merged, second, first)
	if err != nil {
		t.Fatal(err)
	}
	if count(r) != (4+3+4)*2 || rows(t, merged) != rows(t, whole) {
		t.Errorf("merged are %d searches, other rows than those of one machine", count(r))
	}
	plan.Methods[1].Seeds = 3
	before := readFile(t, merged, resultsFile) + readFile(t, merged, planFile)
	run(t, merged, plan)
	if readFile(t, merged, resultsFile)+readFile(t, merged, planFile) != before {
		t.Error("the merged experiment had something left to do")
	}
	if n := strings.Count(before, `"date"`); n != 2 {
		t.Errorf("the plan has %d sessions, want those of both machines", n)
	}
}

// Experiments with other methods and data sets are compared by merging them. What is in both is
// there once.
func TestMergedExperimentsAreCompared(t *testing.T) {
	one, other := newPlan(), newPlan()
	one.Methods, other.Methods = one.Methods[:2], other.Methods[1:]
	other.Benchmarks = other.Benchmarks[:1]
	folders := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	run(t, folders[0], one)
	run(t, folders[1], other)
	r, err := Merge(folders[2], folders[:2]...)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.Compare("evolution", `random, "plain"`, "with test", Val, 12); err != nil || c.Pairs != 4 {
		t.Errorf("%d pairs, %v, want 4", c.Pairs, err)
	}
	if want := (2*2 + 1) * 4; count(r) != want {
		t.Errorf("%d searches, want %d", count(r), want)
	}
	loaded, err := Load(folders[2])
	if err != nil || count(loaded) != count(r) {
		t.Errorf("loaded are %d searches, %v", count(loaded), err)
	}
}

// What cannot be compared is not merged, and leaves no folder of an experiment.
func TestMergeRefuses(t *testing.T) {
	kept := t.TempDir()
	run(t, kept, newPlan())
	for _, c := range []struct {
		change func(*Plan)
		want   []string
	}{
		{func(p *Plan) { p.Budget = 5 }, []string{"budget is 5, not 12"}},
		{func(p *Plan) { p.Methods[2].Searcher = newScripted(-1, nil) }, []string{`"evolution" is scripted, not regularized evolution`}},
		{func(p *Plan) { p.Methods[0].Searcher = p.Methods[1].Searcher }, []string{`"random, \"plain\"" is local search`}},
	} {
		dir, merged, plan := t.TempDir(), t.TempDir(), newPlan()
		c.change(&plan)
		run(t, dir, plan)
		_, err := Merge(merged, kept, dir)
		wantError(t, err, append(c.want, dir, kept))
		wantFiles(t, merged)
	}
	other := t.TempDir()
	writeFile(t, other, planFile, readFile(t, kept, planFile))
	text := readFile(t, kept, resultsFile)
	line := strings.Split(text, "\n")[1]
	fields := strings.Split(line, ",")
	fields[len(fields)-1] = "1234"
	writeFile(t, other, resultsFile, strings.Replace(text, line, strings.Join(fields, ","), 1))
	if _, err := Merge(t.TempDir(), kept, other); err != nil {
		t.Errorf("another time is another search: %v", err)
	}
	fields[len(fields)-4], fields[len(fields)-2] = "50", "50"
	writeFile(t, other, resultsFile, strings.Replace(text, line, strings.Join(fields, ","), 1))
	_, err := Merge(t.TempDir(), kept, other)
	wantError(t, err, []string{"seed 0", "found something else"})
	_, err = Merge(kept, other)
	wantError(t, err, []string{"is an experiment already", "new folder"})
	_, err = Merge(t.TempDir())
	wantError(t, err, []string{"nothing to merge"})
}
