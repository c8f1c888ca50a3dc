package runs

import (
	"cmp"
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

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/checkpoint"
)

// digestFile is the name of the file that holds the SHA-256 of everything else in a checkpoint.
const digestFile = "sha256"

// saveCheckpoint writes all weights and optimiser state into the new folder dir, in GoMLX's
// checkpoint format, lets more add what else belongs to it, and returns the digest of all.
func saveCheckpoint(store *model.Store, dir string, more func() error) (digest string, err error) {
	handler, err := checkpoint.Build(store).Dir(dir).ExcludeAllParams().Done()
	if err != nil {
		return "", err
	}
	if err := handler.Save(); err != nil {
		return "", err
	}
	if err := more(); err != nil {
		return "", err
	}
	if digest, err = digestFolder(dir); err != nil {
		return "", err
	}
	return digest, os.WriteFile(filepath.Join(dir, digestFile), []byte(digest), 0o644)
}

// errDamaged is of a checkpoint that is not what was saved.
var errDamaged = errors.New("it was cut off or changed after it was saved")

// openCheckpoint reads a checkpoint and checks it.
func openCheckpoint(dir string) (*model.Store, string, error) {
	want, err := os.ReadFile(filepath.Join(dir, digestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", errDamaged
	} else if err != nil {
		return nil, "", err
	}
	got, err := digestFolder(dir)
	if err != nil {
		return nil, "", err
	}
	if got != string(want) {
		return nil, "", errDamaged
	}
	saved := model.NewStore()
	_, err = checkpoint.Load(saved).Dir(dir).Immediate().Done()
	return saved, got, err
}

// setWeights sets all weights and the optimiser state to those of a checkpoint. It does so in the
// order of their names: GoMLX loads them in another order each time, and then no compiled program
// would be found in the cache.
func setWeights(store, saved *model.Store) error {
	byName := func(a, b *model.Variable) int { return strings.Compare(a.Path(), b.Path()) }
	for _, v := range slices.SortedFunc(saved.IterVariables(), byName) {
		value, err := v.Value()
		if err != nil {
			return err
		}
		if mine := store.GetVariable(v.Path()); mine == nil {
			_, err = store.CreateVariable(v.Path(), value)
		} else if !mine.Shape().Equal(v.Shape()) {
			err = fmt.Errorf("%s has shape %s, this model wants %s", v.Path(), v.Shape(), mine.Shape())
		} else {
			err = mine.SetValue(value)
		}
		if err != nil {
			return err
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
var stages = []crlso.Stage{crlso.PredictorStage, crlso.PretrainingStage, crlso.JointStage}

// position is how far a run has been trained: the zero value is not at all.
type position struct {
	stage  crlso.Stage
	epochs int    // done of the stage
	digest string // of the checkpoint; empty where it is not known
}

// name is that of the folder of a checkpoint.
func (p position) name() string { return fmt.Sprintf("%s-%04d", string(p.stage), p.epochs) }

// done reports whether a stage is done, or a later one begun, whose checkpoints hold what was
// trained before.
func (p position) done(stage crlso.Stage, config crlso.Config) bool {
	if p.stage == stage {
		return p.epochs == config.Training(stage).Epochs
	}
	return slices.Index(stages, p.stage) > slices.Index(stages, stage)
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(slices.Index(stages, p.stage), slices.Index(stages, q.stage)), cmp.Compare(p.epochs, q.epochs))
}

// listCheckpoints returns the checkpoints below dir in their order.
func listCheckpoints(dir string) (list []position, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		stage, number, _ := strings.Cut(entry.Name(), "-")
		epochs, err := strconv.Atoi(number)
		if p := (position{stage: crlso.Stage(stage), epochs: epochs}); err == nil && entry.IsDir() && slices.Contains(stages, p.stage) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, position.compare)
	return list, nil
}
