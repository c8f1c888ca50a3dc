package export

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// Optuna writes the evaluations of a search as a journal of Optuna, which its JournalStorage and
// optuna-dashboard open: a study to maximise accuracy, and to minimise the cost if that has a name.
// The parameters are the choices of a space of choices, and the operations of the edges of a cell.
// What was measured beside is among the user attributes, and so is the reason of a failure.
//
// Source: optuna/storages/journal/_storage.py of Optuna 4.1.0, which reads the lines.
func Optuna(w io.Writer, study string, evaluations []datasets.Evaluation, cost string) error {
	const createStudy, createTrial = 0, 4
	const minimise, maximise = 1, 2
	const complete, failed = 1, 3
	out := json.NewEncoder(w)
	directions := []int{maximise}
	if cost != "" {
		directions = append(directions, minimise)
	}
	err := out.Encode(map[string]any{"op_code": createStudy, "worker_id": "crlso", "study_name": study, "directions": directions})
	if err != nil {
		return fmt.Errorf("export to Optuna: %w", err)
	}
	for _, e := range evaluations {
		attributes := map[string]any{"architecture": e.Arch.String(), "seconds": e.Seconds}
		for name, value := range e.Others {
			attributes[name] = value
		}
		trial := map[string]any{"op_code": createTrial, "worker_id": "crlso", "study_id": 0, "state": complete, "value": nil, "values": nil,
			"user_attrs": attributes, "system_attrs": map[string]any{}, "intermediate_values": map[string]any{}}
		trial["datetime_start"], trial["datetime_complete"] = times(e)
		trial["params"], trial["distributions"] = parameters(e.Arch)
		switch {
		case e.Failure != "":
			trial["state"] = failed
			attributes["failure"] = e.Failure
		case cost != "":
			trial["values"] = []float64{e.Accuracy, e.Cost}
		default:
			trial["value"] = e.Accuracy
		}
		if err := out.Encode(trial); err != nil {
			return fmt.Errorf("export to Optuna: %w", err)
		}
	}
	return nil
}

// times are when an evaluation began and ended.
func times(e datasets.Evaluation) (begin, end string) {
	const layout = "2006-01-02T15:04:05.000000"
	return e.At.Add(-time.Duration(e.Seconds * float64(time.Second))).Format(layout), e.At.Format(layout)
}

// parameters returns the index of the option of each parameter, and what its options are, as Optuna
// writes a CategoricalDistribution.
func parameters(a datasets.Arch) (indices map[string]int, distributions map[string]string) {
	indices, distributions = map[string]int{}, map[string]string{}
	add := func(name string, options []any, index int) {
		text, _ := json.Marshal(map[string]any{"name": "CategoricalDistribution", "attributes": map[string]any{"choices": options}}) // strings and numbers
		indices[name], distributions[name] = index, string(text)
	}
	switch a := a.(type) {
	case datasets.Selection:
		choices, options := a.Decided()
		for i, c := range choices {
			add(c.Name, numbers(c.Options), options[i])
		}
	case datasets.OperationCell:
		addEdges(add, a.Known(), a.Operations())
	case nasbench201.Cell:
		var known, operations []string
		for op := range nasbench201.Op(nasbench201.NumOps) {
			known = append(known, op.String())
		}
		for _, op := range a {
			operations = append(operations, op.String())
		}
		addEdges(add, known, operations)
	}
	return indices, distributions
}

func addEdges(add func(string, []any, int), known, operations []string) {
	options := numbers(known)
	for edge, source, target := 0, 0, 1; edge < len(operations); edge++ {
		for index, name := range known {
			if name == operations[edge] {
				add(fmt.Sprintf("edge %d-%d", source, target), options, index)
			}
		}
		if source++; source == target {
			source, target = 0, target+1
		}
	}
}

// numbers returns words, and as numbers those that are.
func numbers(words []string) (values []any) {
	for _, word := range words {
		if x, err := strconv.ParseFloat(word, 64); err == nil {
			values = append(values, x)
		} else {
			values = append(values, word)
		}
	}
	return values
}
