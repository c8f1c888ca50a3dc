package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/command"
)

// evaluation is a run of a program by a worker, for one architecture.
type evaluation struct {
	Folder  bucket // for question and answer
	Program []string
	Arch    string // as programs get it, in JSON
}

// object is such an architecture.
type object string

// String implements datasets.Arch.
func (o object) String() string { return string(o) }

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) { return []byte(o), nil }

// answer is what a worker leaves.
type answer struct {
	Measured datasets.Measurement
	Failure  string // why there is none
}

// jobsOfEvaluation is how many jobs may be lost before an evaluation counts as failed.
const jobsOfEvaluation = 3

// run lets a worker evaluate, and prints the answer as a program for package command does. Without
// a bucket the answer comes by the folder out.
func (e evaluation) run(ctx context.Context, out string) error {
	if !json.Valid([]byte(e.Arch)) || len(e.Program) == 0 || e.Folder == "" && out == "" {
		return errors.New("-evaluate wants -out or -bucket, a program after the flags, and an architecture in CRLSO_ARCH; " +
			"let the command search or package command start it")
	}
	if e.Folder == "" {
		path, err := filepath.Abs(out)
		if err != nil {
			return err
		}
		e.Folder = bucket(path)
	}
	text, err := e.answer(ctx)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("evaluate: the answer is damaged: %w", err)
	}
	if a.Failure != "" {
		return errors.New(a.Failure)
	}
	values := map[string]float64{"accuracy": a.Measured.Accuracy}
	maps.Copy(values, a.Measured.Others)
	return json.NewEncoder(os.Stdout).Encode(values)
}

// answer returns what a worker has left, and leaves nothing itself.
func (e evaluation) answer(ctx context.Context) ([]byte, error) {
	fs, err := filesystem.New(ctx, string(e.Folder))
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	if err := filesystem.Write(ctx, fs, e.path(".question"), []byte(e.Arch)); err != nil {
		return nil, err
	}
	defer remove(ctx, fs, e.path(".question"))
	text, err := filesystem.Read(ctx, fs, e.path(".answer")) // by a job of a driver that was killed
	var failure error
	for job := 0; err != nil && job < jobsOfEvaluation; job++ {
		failure = runPipeline(ctx, func(root beam.Scope) {
			beam.ParDo0(root, &evaluateFn{Evaluation: e}, beam.Create(root, job))
		})
		text, err = filesystem.Read(ctx, fs, e.path(".answer"))
	}
	if err != nil {
		return nil, cmp.Or(failure, err)
	}
	remove(ctx, fs, e.path(".answer"))
	return text, nil
}

// path returns that of a file of the evaluation.
func (e evaluation) path(extension string) string {
	return e.Folder.path(fmt.Sprintf("%.16x%s", sha256.Sum256(fmt.Appendf(nil, "%q %s", e.Program, e.Arch)), extension))
}

// evaluateFn is what a worker does.
type evaluateFn struct{ Evaluation evaluation }

func init() { beam.RegisterDoFn(&evaluateFn{}) }

// ProcessElement runs the program, unless it has an answer.
func (f *evaluateFn) ProcessElement(ctx context.Context, _ int) error {
	e := f.Evaluation
	fs, err := filesystem.New(ctx, string(e.Folder))
	if err != nil {
		return err
	}
	defer fs.Close()
	if _, err := fs.Size(ctx, e.path(".question")); err != nil {
		return notShared(e.Folder, err)
	}
	if _, err := fs.Size(ctx, e.path(".answer")); err == nil {
		return nil
	}
	measured, err := command.Evaluator{Program: e.Program}.Evaluate(ctx, object(e.Arch))
	a := answer{Measured: measured}
	if err != nil {
		a.Failure = err.Error()
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return filesystem.Write(ctx, fs, e.path(".answer"), text)
}
