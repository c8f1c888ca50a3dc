package crlso

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
)

// digestFile is the name of the file that holds the SHA-256 of everything else in a checkpoint.
const digestFile = "sha256"

// saveCheckpoint writes all weights and optimiser state into the new folder dir, in GoMLX's checkpoint format and
// with a digest. The folder appears complete or not at all.
func (m *Model) saveCheckpoint(dir string) (err error) {
	temporary := dir + ".part"
	defer func() {
		if err != nil {
			os.RemoveAll(temporary)
			err = fmt.Errorf("save checkpoint %s: %w; the one before it is kept: free some space or make the folder writable, and run again", dir, err)
		}
	}()
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	handler, err := checkpoint.Build(m.store).Dir(temporary).ExcludeAllParams().Done()
	if err != nil {
		return err
	}
	if err := handler.Save(); err != nil {
		return err
	}
	digest, err := digestFolder(temporary)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temporary, digestFile), []byte(digest), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

// loadCheckpoint sets all weights and the optimiser state to those of a checkpoint.
func (m *Model) loadCheckpoint(dir string) error {
	want, err := os.ReadFile(filepath.Join(dir, digestFile))
	if err != nil {
		return fmt.Errorf("checkpoint %s is incomplete; delete it to train again: %w", dir, err)
	}
	got, err := digestFolder(dir)
	if err != nil {
		return fmt.Errorf("load checkpoint %s: %w", dir, err)
	}
	if got != string(want) {
		return fmt.Errorf("checkpoint %s was changed after it was saved; delete it to train again", dir)
	}
	saved := model.NewStore()
	if _, err := checkpoint.Load(saved).Dir(dir).Immediate().Done(); err != nil {
		return fmt.Errorf("load checkpoint %s: %w", dir, err)
	}
	for v := range saved.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return fmt.Errorf("load checkpoint %s: %w", dir, err)
		}
		if mine := m.store.GetVariable(v.Path()); mine == nil {
			_, err = m.store.CreateVariable(v.Path(), value)
		} else if !mine.Shape().Equal(v.Shape()) {
			err = fmt.Errorf("%s has shape %s, this model wants %s", v.Path(), v.Shape(), mine.Shape())
		} else {
			err = mine.SetValue(value)
		}
		if err != nil {
			return fmt.Errorf("load checkpoint %s: %w", dir, err)
		}
	}
	return nil
}

// digestFolder is the SHA-256 over names and contents of a folder's files.
func digestFolder(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, entry := range entries {
		if entry.Name() == digestFile {
			continue
		}
		file, err := os.Open(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, entry.Name())
		_, err = io.Copy(hash, file)
		file.Close()
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x\n", hash.Sum(nil)), nil
}

// stages are those that leave checkpoints, in their order.
var stages = []string{"predictor", "pretraining", "joint"}

// latestCheckpoint returns the newest checkpoint below dir, where they are named like joint-0120: its folder, its
// stage and the epochs done of it; nothing if there is none.
func latestCheckpoint(dir string) (path, stage string, epochs int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", 0, err
	}
	for _, stage := range slices.Backward(stages) {
		for _, entry := range slices.Backward(entries) {
			number, ok := strings.CutPrefix(entry.Name(), stage+"-")
			if epochs, err := strconv.Atoi(number); ok && err == nil && entry.IsDir() {
				return filepath.Join(dir, entry.Name()), stage, epochs, nil
			}
		}
	}
	return "", "", 0, nil
}

// checkpointName is the folder of the checkpoint after some epochs of a stage.
func checkpointName(dir, stage string, epochs int) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%04d", stage, epochs))
}
