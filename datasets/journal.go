package datasets

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// A journal is a file of JSON values, one a line. The first says which space and cost it belongs
// to, and describes a space that is a json.Marshaler. Then come, in the order in which things
// happen, what a search asks for, and the answers. Each line is on the disk before anybody acts on
// it.
type journal struct {
	path   string
	file   *os.File
	unlock func()
	broken error // after a line that could not be written, no other is
}

// journalHeader is the first line.
type journalHeader struct {
	Journal int    `json:"journal"` // 1, the version of this format
	Space   string `json:"space"`
	Cost    string `json:"cost,omitzero"`
	Started string `json:"started"`

	Description json.RawMessage `json:"description,omitempty"`

	otherCost error // there is another one in the file
}

func newHeader(space Space, cost string) (journalHeader, error) {
	h := journalHeader{Journal: 1, Space: space.Name(), Cost: cost}
	if m, ok := space.(json.Marshaler); ok {
		var err error
		if h.Description, err = json.Marshal(m); err != nil {
			return h, fmt.Errorf("space %s: %w", h.Space, err)
		}
	}
	return h, nil
}

// journalLine is any other line: either Ask, or an answer.
type journalLine struct {
	Ask      []string `json:"ask,omitzero"`      // architectures whose evaluation begins
	Together bool     `json:"together,omitzero"` // they enter the log in this order, and else as they are answered

	Arch     string             `json:"arch,omitzero"` // answered
	Accuracy float64            `json:"accuracy,omitempty"`
	Others   map[string]float64 `json:"others,omitzero"`
	Failure  string             `json:"failure,omitzero"` // why it could not be evaluated
	Seconds  float64            `json:"seconds,omitzero"` // of the evaluation
	At       string             `json:"at,omitzero"`
}

// Evaluation is a query as a journal has it, with all that was measured. The accuracy of one that
// failed is 0.
type Evaluation struct {
	Query
	Others  map[string]float64
	Seconds float64   // that it took
	At      time.Time // of the answer
}

// ReadJournal returns the evaluations in the journal of a search in a space, in the order of the
// search's log, and the name of the cost that it made small, "" for none. It may be at work still.
func ReadJournal(path string, space Space) (evaluations []Evaluation, cost string, err error) {
	header, err := newHeader(space, anyCost)
	if err != nil {
		return nil, "", err
	}
	o := newOracle(space, nil, OracleOptions{Budget: math.MaxInt})
	good, err := readJournal(path, &header, func(l journalLine) error {
		o.options.Cost = header.Cost
		return o.restore(l)
	})
	if err == nil && good == 0 {
		err = fmt.Errorf("journal %s: there is none, or it is empty", path)
	}
	if err != nil {
		return nil, "", err
	}
	for i, q := range o.log {
		evaluations = append(evaluations, Evaluation{q, o.details[i].others, o.details[i].seconds, o.details[i].at})
	}
	return evaluations, header.Cost, nil
}

// anyCost is a wanted header's Cost that takes any, and becomes the one that is there.
const anyCost = "\x00"

// openJournal opens the file of a search, or makes it, and calls read with its lines. No other
// process can open it until it is closed.
func openJournal(path string, header journalHeader, read func(journalLine) error) (j *journal, err error) {
	unlock, holder, err := lockJournal(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("journal %s: %w; choose a folder that can be written", path, err)
	case unlock == nil:
		return nil, fmt.Errorf("journal %s: %s is at work with it; wait for it, or use another file", path, holder)
	}
	defer func() {
		if err != nil {
			unlock()
		}
	}()
	good, err := header.read(path, read)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("journal: %w; choose a folder that can be written", err)
	}
	j = &journal{path: path, file: file, unlock: unlock}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	// What a kill has cut short was not acted on.
	if err := file.Truncate(good); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if good > 0 {
		return j, nil
	}
	header.Started = time.Now().UTC().Format(time.RFC3339)
	if err := j.write(header); err != nil {
		return nil, err
	}
	return j, syncFolder(filepath.Dir(path))
}

// read is readJournal for a search that goes on. A file whose search had another cost is an error,
// unless it holds no answer: then the name was wrong, and it begins anew.
func (h *journalHeader) read(path string, read func(journalLine) error) (good int64, err error) {
	answers := 0
	good, err = readJournal(path, h, func(l journalLine) error {
		if l.Ask == nil {
			answers++
		}
		if h.otherCost != nil {
			return nil
		}
		return read(l)
	})
	switch {
	case err != nil || h.otherCost == nil:
		return good, err
	case answers > 0:
		return good, fmt.Errorf("journal %s, line 1: %w; name that one, or start anew with another file", path, h.otherCost)
	}
	return 0, nil
}

// lockJournal is source.TryLock, with some patience: what a process that was killed had just
// started may hold the lock for a moment.
func lockJournal(path string) (unlock func(), holder string, err error) {
	for range 10 {
		if unlock, holder, err = source.TryLock(path); unlock != nil || err != nil {
			return unlock, holder, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, holder, nil
}

// readJournal calls read with the lines of a file, and returns the length of those that are
// complete: 0 if there is no file. A last line without an end is passed over. It is an error if the
// header is not as wanted.
func readJournal(path string, want *journalHeader, read func(journalLine) error) (good int64, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	} else if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("journal %s: it is a folder or a device; name a file", path)
	}
	in := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return good, nil
		} else if err != nil {
			return good, fmt.Errorf("journal: %w", err)
		}
		if number == 1 {
			err = want.check(line)
		} else {
			var l journalLine
			if err = strict(line, &l); err == nil {
				err = read(l)
			}
		}
		if err != nil {
			return good, fmt.Errorf("journal %s, line %d: %w; restore that file, or the space and the options that it was written with, or start anew with another one", path, number, err)
		}
		good += int64(len(line))
	}
}

// check reads the first line, and compares it.
func (h *journalHeader) check(line []byte) error {
	var there journalHeader
	if err := strict(line, &there); err != nil {
		return err
	}
	if len(there.Description) == 0 { // of a version that wrote none
		there.Description = h.Description
	}
	switch {
	case there.Journal != h.Journal:
		return fmt.Errorf("it is version %d of the format, want %d", there.Journal, h.Journal)
	case there.Space != h.Space:
		return fmt.Errorf("it is of a search in %s, not in %s", there.Space, h.Space)
	case h.Cost == anyCost:
		h.Cost = there.Cost
	case there.Cost != h.Cost:
		h.otherCost = fmt.Errorf("it is of a search with the cost %q, not %q", there.Cost, h.Cost)
	}
	return otherSpace(there.Description, h.Description)
}

// strict reads one JSON value that has no other fields than those of the value.
func strict(line []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("it is damaged: there is more than one value")
	}
	return nil
}

// write adds a line, and returns when it is on the disk.
func (j *journal) write(line any) error {
	if j.broken != nil {
		return j.broken
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.broken = fmt.Errorf("journal %s: %w; free some space or make the folder writable, and start again; not on the disk is %s", j.path, err, text)
	}
	return j.broken
}

func (j *journal) close() error {
	err := j.file.Close()
	j.unlock()
	return err
}

// syncFolder puts the names of new files of a folder on the disk.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
