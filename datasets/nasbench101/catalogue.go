package nasbench101

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// catalogue numbers canonical cells in the order of their hashes.
type catalogue struct {
	cells []Cell
	index map[Cell]int32
}

func newCatalogue(cells []Cell) *catalogue {
	c := &catalogue{cells, make(map[Cell]int32, len(cells))}
	for i, cell := range cells {
		c.index[cell] = int32(i)
	}
	return c
}

// entry is a canonical cell with its hash, as the cache keeps them.
type entry struct {
	Hash [md5.Size]byte
	Code uint32
}

// entriesSum is the SHA-256 of all entries in the order of their hashes, little-endian. Tests compare
// them with the reference table.
const entriesSum = "49c536c9aadfe04f6f4cbb234688f8a8ccd49d29a4f94438172c588d017961bd"

// hashed holds all entries once loadEntries has been called.
var hashed struct {
	once    sync.Once
	entries []entry
}

// allEntries returns all cells with their hashes.
func allEntries() []entry { return loadEntries(io.Discard) }

// loadEntries is allEntries that says on progress what takes its time. The first call takes them from the
// cache, or computes them and keeps them there if it can.
func loadEntries(progress io.Writer) []entry {
	hashed.once.Do(func() {
		path, err := entriesPath()
		if err == nil {
			hashed.entries, err = readEntries(path)
		}
		if err == nil {
			return
		}
		fmt.Fprintln(progress, "computing the hashes of all cells, once, which takes some seconds")
		hashed.entries = computeEntries()
		if path == "" {
			return
		}
		err = source.WriteFile(path, func(w io.Writer) error {
			_, err := w.Write(encodeEntries(hashed.entries))
			return err
		})
		if err != nil {
			fmt.Fprintf(progress, "they will be computed again next time: %v\n", err)
		}
	})
	return hashed.entries
}

// entriesPath returns the file in the cache for all entries, "" if there is no cache.
func entriesPath() (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "cells"), nil
}

// readEntries reads what encodeEntries wrote to a file.
func readEntries(path string) ([]entry, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(content)); sum != entriesSum {
		return nil, fmt.Errorf("%s has SHA-256 %s, want %s", path, sum, entriesSum)
	}
	entries := make([]entry, NumCells)
	for i := range entries {
		e := content[i*entrySize:]
		entries[i] = entry{[md5.Size]byte(e), binary.LittleEndian.Uint32(e[md5.Size:])}
	}
	return entries, nil
}

const entrySize = md5.Size + 4

func encodeEntries(entries []entry) []byte {
	content := make([]byte, 0, len(entries)*entrySize)
	for _, e := range entries {
		content = append(content, e.Hash[:]...)
		content = binary.LittleEndian.AppendUint32(content, e.Code)
	}
	return content
}

// computeEntries enumerates all cells and sorts them by hash. That takes some seconds on all processors.
func computeEntries() []entry {
	cells := Enumerate()
	entries := make([]entry, len(cells))
	var workers sync.WaitGroup
	share := len(cells)/runtime.GOMAXPROCS(0) + 1
	for start := 0; start < len(cells); start += share {
		end := min(start+share, len(cells))
		workers.Go(func() {
			for i := start; i < end; i++ {
				entries[i] = entry{cells[i].hash(), cells[i].code}
			}
		})
	}
	workers.Wait()
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	return entries
}

var allCells = sync.OnceValue(func() *catalogue {
	entries := allEntries()
	cells := make([]Cell, len(entries))
	for i, e := range entries {
		cells[i] = Cell{e.Code}
	}
	return newCatalogue(cells)
})

// find returns the number of the cell with a hash in hexadecimal digits.
func find(hash string) (int, error) {
	binary, err := hex.DecodeString(hash)
	if err != nil || len(binary) != md5.Size {
		return 0, fmt.Errorf("hash %q: want %d hexadecimal digits", hash, 2*md5.Size)
	}
	i, ok := slices.BinarySearchFunc(allEntries(), binary, func(e entry, hash []byte) int { return bytes.Compare(e.Hash[:], hash) })
	if !ok {
		return 0, fmt.Errorf("hash %s: no cell has it", hash)
	}
	return i, nil
}

// identify returns the number of a cell whose hash in a file must be this one.
func identify(hash string, c Cell) (int, error) {
	i, err := find(hash)
	if err != nil {
		return 0, err
	}
	if want := allEntries()[i]; want.Code != c.code && want.Code != c.Canonical().code {
		return 0, fmt.Errorf("hash %s is that of the cell %v, not of %v", hash, Cell{want.Code}, c)
	}
	return i, nil
}
