package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	external "github.com/cr-lso/cr-lso/datasets/command"
	"github.com/cr-lso/cr-lso/datasets/export"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// write writes what was found: the best architecture, and a table of all evaluations. It is an
// error if a search that came to its end found nothing.
func (o searchOptions) write(space datasets.Space, oracle *datasets.Oracle, stopped bool) error {
	evaluations, cost, err := datasets.ReadJournal(o.journal(), space)
	if err != nil {
		return err
	}
	table := filepath.Join(o.out, "evaluations.csv")
	if err := source.WriteFile(table, func(w io.Writer) error { return writeEvaluations(w, evaluations, cost) }); err != nil {
		return err
	}
	if err := o.writeOptuna(space); err != nil {
		return err
	}
	best, ok := o.best(evaluations)
	if !ok {
		if stopped { // it says why
			return nil
		}
		return fmt.Errorf("search: nothing is found: none of %d evaluations succeeded%s; they are in %s; mend the command, and start anew with another -out, or go on with a larger -budget",
			len(evaluations), map[bool]string{true: " within the limit"}[o.most > 0], table)
	}
	found := struct {
		Architecture json.RawMessage    `json:"architecture"`
		Notation     string             `json:"notation"`
		Accuracy     float64            `json:"accuracy"`
		Others       map[string]float64 `json:"others,omitzero"`
	}{Notation: best.Arch.String(), Accuracy: best.Accuracy, Others: best.Others}
	if found.Architecture, err = external.Marshal(best.Arch); err != nil {
		return err
	}
	path := filepath.Join(o.out, "best.json")
	err = source.WriteFile(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	})
	if err != nil {
		return err
	}
	written, err := o.export(best.Arch)
	if err != nil {
		return err
	}
	fmt.Printf("best of %d: %.3f %%", len(evaluations), best.Accuracy)
	if cost != "" {
		fmt.Printf(", %s %g, one of %d on the front", cost, best.Cost, len(search.Front(succeeded(evaluations))))
	}
	fmt.Printf("  %s\n%s\n", best.Arch, strings.Join(append([]string{path, table}, written...), "\n"))
	return nil
}

// writeOptuna writes all evaluations for Optuna's dashboard.
func (o searchOptions) writeOptuna(space datasets.Space) error {
	evaluations, cost, err := datasets.ReadJournal(o.journal(), space)
	if err != nil {
		return err
	}
	return source.WriteFile(filepath.Join(o.out, "optuna.log"), func(w io.Writer) error {
		return export.Optuna(w, space.Name(), evaluations, cost)
	})
}

// export writes the best architecture for others, as far as there is a form for it.
func (o searchOptions) export(best datasets.Arch) (written []string, err error) {
	network := export.NASBench201Network(10)
	if _, ok := best.(nasbench301.Genotype); ok {
		network = export.NASBench301Network(10)
	}
	for name, write := range map[string]func() (string, error){
		"best.dot":        func() (string, error) { return export.Graphviz(best) },
		"best_pytorch.py": func() (string, error) { return export.PyTorch(best, network) },
		"best_keras.py":   func() (string, error) { return export.Keras(best, network) },
	} {
		text, err := write()
		if err != nil {
			continue // there is no such form
		}
		path := filepath.Join(o.out, name)
		if err := source.WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return nil, err
		}
		written = append(written, path)
	}
	slices.Sort(written)
	return written, nil
}

// best is the most accurate architecture within the limit.
func (o searchOptions) best(evaluations []datasets.Evaluation) (best datasets.Evaluation, ok bool) {
	for _, e := range evaluations {
		if e.Failure == "" && (o.limit == "" || e.Cost <= o.most) && (!ok || e.Accuracy > best.Accuracy) {
			best, ok = e, true
		}
	}
	return best, ok
}

func succeeded(evaluations []datasets.Evaluation) (queries []datasets.Query) {
	for _, e := range evaluations {
		if e.Failure == "" {
			queries = append(queries, e.Query)
		}
	}
	return queries
}

// writeEvaluations writes a row for each evaluation, with a column for each measurement; with two
// objectives, another one says which are on the front.
func writeEvaluations(w io.Writer, evaluations []datasets.Evaluation, cost string) error {
	names := map[string]bool{}
	for _, e := range evaluations {
		for name := range e.Others {
			names[name] = true
		}
	}
	others := slices.Sorted(maps.Keys(names))
	out := csv.NewWriter(w)
	header := slices.Concat([]string{"evaluation", "architecture", "accuracy"}, others, []string{"seconds", "failure"})
	front := map[datasets.Arch]bool{}
	if cost != "" {
		header = append(header, "front")
		for _, q := range search.Front(succeeded(evaluations)) {
			front[q.Arch] = true
		}
	}
	out.Write(header)
	for i, e := range evaluations {
		row := []string{strconv.Itoa(i + 1), e.Arch.String(), ""}
		if e.Failure == "" {
			row[2] = strconv.FormatFloat(e.Accuracy, 'g', -1, 64)
		}
		for _, name := range others {
			text := ""
			if value, ok := e.Others[name]; ok {
				text = strconv.FormatFloat(value, 'g', -1, 64)
			}
			row = append(row, text)
		}
		row = append(row, strconv.FormatFloat(e.Seconds, 'f', 3, 64), e.Failure)
		if cost != "" {
			row = append(row, strconv.FormatBool(front[e.Arch]))
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// searchProgress shows a line for each answer.
type searchProgress struct {
	oracle *datasets.Oracle
	begin  time.Time
	before int // answers of earlier calls
	failed int
	hinted bool // at fractions
}

func newSearchProgress(oracle *datasets.Oracle) *searchProgress {
	p := &searchProgress{oracle: oracle, begin: time.Now(), before: len(oracle.Log())}
	for _, q := range oracle.Log() {
		if q.Failure != "" {
			p.failed++
		}
	}
	return p
}

func (p *searchProgress) show(q datasets.Query) {
	answered, budget := len(p.oracle.Log()), p.oracle.Budget()
	line := fmt.Sprintf("%*d of %d  ", len(strconv.Itoa(budget)), answered, budget)
	if q.Failure != "" {
		p.failed++
		line += fmt.Sprintf("failed: %s  %v", q.Failure, q.Arch)
	} else {
		line += fmt.Sprintf("%7.3f %%  ", q.Accuracy)
		if p.oracle.HasCost() {
			line += fmt.Sprintf("%7.4g  ", q.Cost)
		}
		line += fmt.Sprint(q.Arch)
	}
	if best, ok := p.oracle.Best(); ok {
		line += fmt.Sprintf("  (best %.3f %%", best.Accuracy)
	} else {
		line += "  (none yet"
	}
	if p.failed > 0 {
		line += fmt.Sprintf(", %d failed", p.failed)
	}
	each := time.Since(p.begin) / time.Duration(max(1, answered-p.before))
	if left := budget - answered; left > 0 {
		line += fmt.Sprintf(", about %v left", (each * time.Duration(left)).Round(time.Second))
	}
	fmt.Println(line + ")")
	if !p.hinted && q.Failure == "" && q.Accuracy > 0 && q.Accuracy <= 1 {
		p.hinted = true
		fmt.Printf("hint: %v is taken as %[1]v %%; if it is a fraction, let the command print it times 100, and start anew with another -out\n", q.Accuracy)
	}
}
