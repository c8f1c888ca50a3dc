package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// The rules by which several processes share the folder of a run:
//
// Whoever changes it holds the lock, and begins by reading what others have done meanwhile. Whoever
// only reads does not wait: every file and every checkpoint appears and disappears as a whole, and
// where a checkpoint has disappeared between listing and reading there is a later one.

const (
	lockFile   = ".lock"
	lossesFile = "epochs.csv"
)

// lock takes the run's folder for this process.
func (r *Run) lock(ctx context.Context) (unlock func(), err error) {
	if unlock, err = source.LockFolder(ctx, r.path(lockFile), r.messages()); err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w; use a folder that can be written", err)
	}
	return unlock, err
}

// alone does a stage in the run's folder, unless done says, without the lock or else with it, that
// there is nothing to do. Before each question, memory is what the folder holds.
func (r *Run) alone(ctx context.Context, done func() (bool, error), work func() error) error {
	finished := func() (bool, error) {
		if err := r.refresh(); err != nil {
			return false, fmt.Errorf("read run: %w", err)
		}
		return done()
	}
	if ok, err := finished(); ok || err != nil {
		return err
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if ok, err := finished(); ok || err != nil {
		return err
	}
	if err := r.sweep(); err != nil {
		return err
	}
	err = work()
	if err != nil {
		r.at = unknown
	}
	return err
}

// unknown is the position of a model that training has left somewhere between two checkpoints.
var unknown = position{digest: "unknown"}

// stageDone returns a function that reports whether a stage is done.
func (r *Run) stageDone(stage crlso.Stage) func() (bool, error) {
	return func() (bool, error) { return r.at.done(stage, r.Config), nil }
}

// refresh reads the initial set, and sets weights and losses to those of the latest checkpoint that
// is not damaged, or to those of a run that was not trained yet if there is none. What is in memory
// already is not read again.
func (r *Run) refresh() error {
	if r.initial == nil {
		initial, err := r.readQueries(initialFile)
		if err != nil {
			return err
		}
		if n := len(initial); n != 0 && n != r.Config.InitialSet {
			r.sayOnce("%s has %d of %d architectures: querying again", r.path(initialFile), n, r.Config.InitialSet)
			initial = nil
		}
		r.initial = initial
		if err := r.Include(initial); err != nil {
			return err
		}
	}
	clear(r.damaged)
	for {
		latest, err := r.latest()
		if err != nil {
			return err
		}
		if latest == (position{}) {
			if r.at == latest {
				return nil
			}
			r.at, r.losses = latest, nil
			return r.Restart(r.Config.Seed, r.Config.SearchSeed, nil)
		}
		err = r.load(latest)
		if err == nil {
			return nil
		}
		again, err1 := r.latest()
		if err1 != nil {
			return err1
		}
		if again != latest {
			continue // another process has gone on
		}
		path := filepath.Join(r.checkpoints(), latest.name())
		if !errors.Is(err, errDamaged) && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("load checkpoint %s: %w", path, err)
		}
		r.damaged[latest.name()] = true
		r.sayOnce("checkpoint %s is damaged, %v: going on from the one before it, or anew", path, err)
	}
}

// latest returns the latest checkpoint that is not known to be damaged, without its digest.
func (r *Run) latest() (position, error) {
	list, err := listCheckpoints(r.checkpoints())
	for _, p := range slices.Backward(list) {
		if !r.damaged[p.name()] {
			return p, err
		}
	}
	return position{}, err
}

// load makes a checkpoint the state of the run, unless it is that already.
func (r *Run) load(p position) error {
	dir := filepath.Join(r.checkpoints(), p.name())
	if digest, err := os.ReadFile(filepath.Join(dir, digestFile)); err == nil {
		p.digest = string(digest)
	}
	if p == r.at {
		return nil
	}
	saved, digest, err := openCheckpoint(dir)
	if err != nil {
		return err
	}
	losses, err := readLosses(filepath.Join(dir, lossesFile), p.stage, p.epochs)
	if errors.Is(err, fs.ErrNotExist) { // saved when checkpoints did not hold their losses
		if losses, err = readLosses(r.path(lossesFile), p.stage, p.epochs); err != nil {
			err = fmt.Errorf("its losses: %v; restore that file, or delete %s to train again", err, r.checkpoints())
		}
	}
	if err != nil {
		return err
	}
	r.at = unknown
	if err := setWeights(r.Store(), saved); err != nil {
		return err
	}
	p.digest = digest
	r.at, r.losses = p, losses
	return nil
}

// save writes the losses so far, and a checkpoint, which appears complete or not at all. Of the
// checkpoints before it the latest stays, to go on from if the disk damages the new one. Later ones
// stay: they are not this process's.
func (r *Run) save(stage crlso.Stage, epochs int) (err error) {
	p := position{stage: stage, epochs: epochs}
	if r.at.compare(p) == 0 {
		return nil
	}
	path := filepath.Join(r.checkpoints(), p.name())
	defer func() {
		if err != nil {
			err = fmt.Errorf("save checkpoint %s: %w; the one before it is kept: free some space or make the folder writable, and run again", path, err)
		}
	}()
	if err := r.writeLosses(r.path(lossesFile)); err != nil {
		return err
	}
	if err := os.MkdirAll(r.checkpoints(), 0o777); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(r.checkpoints(), ".part-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	made := filepath.Join(temporary, "new")
	p.digest, err = saveCheckpoint(r.Store(), made, func() error { return r.writeLosses(filepath.Join(made, lossesFile)) })
	if err != nil {
		return err
	}
	// One of that name can only be a damaged one.
	if err := os.Rename(path, filepath.Join(temporary, p.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(made, path); err != nil {
		return err
	}
	r.at = p
	delete(r.damaged, p.name())
	return r.retire(temporary)
}

// retire moves to the folder trash the checkpoints that are damaged, and those before the present
// one but for the latest.
func (r *Run) retire(trash string) error {
	list, err := listCheckpoints(r.checkpoints())
	if err != nil {
		return err
	}
	kept := false
	for _, old := range slices.Backward(list) {
		switch order := old.compare(r.at); {
		case r.damaged[old.name()]:
		case order >= 0:
			continue
		case !kept:
			kept = true
			continue
		}
		// The name disappears first, and the files after it.
		if err := os.Rename(filepath.Join(r.checkpoints(), old.name()), filepath.Join(trash, old.name())); err != nil {
			return err
		}
	}
	clear(r.damaged)
	return nil
}

var (
	runFile      = regexp.MustCompile(`^(run\.json|initial\.csv|epochs\.csv|search-\d+\.csv|rounds-\d+\.json)$`)
	snapshotFile = regexp.MustCompile(`^\d+\.f32$`)
	unfinished   = regexp.MustCompile(`^(\.part-\d+|(predictor|pretraining|joint)-\d+\.part)$`) // the latter are an older version's
)

// sweep removes what processes have left that were killed while they wrote. Those that live do not
// write now, because this one has the lock.
func (r *Run) sweep() error {
	for dir, ours := range map[string]*regexp.Regexp{r.Dir: runFile, r.path(snapshotDir): snapshotFile} {
		if err := source.Sweep(dir, ours.MatchString); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(r.checkpoints())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if unfinished.MatchString(entry.Name()) {
			if err := os.RemoveAll(filepath.Join(r.checkpoints(), entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// messages is where the run says what the user has to know.
func (r *Run) messages() io.Writer {
	if r.Progress != nil {
		return r.Progress
	}
	return os.Stderr
}

// sayOnce prints a line that was not printed yet.
func (r *Run) sayOnce(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !r.told[line] {
		r.told[line] = true
		fmt.Fprintln(r.messages(), line)
	}
}
