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

// catalogue holds canonical cells in two orders: that of [Enumerate], which takes a moment, and
// that of their hashes, which is the benchmark's and takes seconds for all cells, so it is made
// when it is first needed.
type catalogue struct {
	codes  []uint32 // of the cells, ascending, which is the order of Enumerate
	inFile func() inFile
}

// inFile is the order of the benchmark's file.
type inFile struct {
	cells []Cell
	rank  []int32 // number in the file of each cell in the order of codes
}

func newCatalogue(codes []uint32, entries func() []entry) *catalogue {
	c := &catalogue{codes: codes}
	c.inFile = sync.OnceValue(func() inFile {
		order := inFile{make([]Cell, len(codes)), make([]int32, len(codes))}
		for i, e := range entries() {
			position, _ := c.position(Cell{e.Code})
			order.cells[i], order.rank[position] = Cell{e.Code}, int32(i)
		}
		return order
	})
	return c
}

// position returns where the network of a cell stands in the order of codes.
func (c *catalogue) position(cell Cell) (int, bool) {
	i, ok := slices.BinarySearch(c.codes, cell.code)
	if !ok {
		i, ok = slices.BinarySearch(c.codes, cell.Canonical().code)
	}
	return i, ok
}

// allCodes are the codes of all cells, ascending.
var allCodes = sync.OnceValue(func() []uint32 {
	cells := Enumerate()
	codes := make([]uint32, len(cells))
	for i, cell := range cells {
		codes[i] = cell.code
	}
	return codes
})

// allCells is the catalogue of all cells.
var allCells = sync.OnceValue(func() *catalogue { return newCatalogue(allCodes(), allEntries) })

// subspace returns the space of the cells at these positions of allCells, in their order.
func subspace(positions []int) Space {
	codes := make([]uint32, len(positions))
	for i, position := range positions {
		codes[i] = allCodes()[position]
	}
	return Space{newCatalogue(codes, func() []entry { return hashAll(codes) })}
}

// entry is a canonical cell with its hash.
type entry struct {
	Hash [md5.Size]byte
	Code uint32
}

// hashAll returns cells with their hashes, in the order of these, on all processors.
func hashAll(codes []uint32) []entry {
	entries := make([]entry, len(codes))
	var workers sync.WaitGroup
	share := len(codes)/runtime.GOMAXPROCS(0) + 1
	for start := 0; start < len(codes); start += share {
		end := min(start+share, len(codes))
		workers.Go(func() {
			for i, code := range codes[start:end] {
				entries[start+i] = entry{Cell{code}.hash(), code}
			}
		})
	}
	workers.Wait()
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	return entries
}

// entriesSum is the SHA-256 of all entries in the order of their hashes, little-endian. When the
// embedded table is made, each row of the reference table is found by its hash.
const entriesSum = "49c536c9aadfe04f6f4cbb234688f8a8ccd49d29a4f94438172c588d017961bd"

// allEntries returns all cells with their hashes. The first call takes them from the cache, or
// computes them and keeps them there if it can.
var allEntries = sync.OnceValue(func() []entry {
	dir, err := cacheDir()
	path := filepath.Join(dir, "cells")
	if err == nil {
		var entries []entry
		if entries, err = readEntries(path); err == nil {
			return entries
		}
	}
	entries := hashAll(allCodes())
	if dir != "" {
		source.WriteFile(path, func(w io.Writer) error { // without it they are computed again next time
			_, err := w.Write(encodeEntries(entries))
			return err
		})
	}
	return entries
})

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

// find returns the cell with a hash in hexadecimal digits.
func find(hash string) (Cell, error) {
	binary, err := hex.DecodeString(hash)
	if err != nil || len(binary) != md5.Size {
		return Cell{}, fmt.Errorf("hash %q: want %d hexadecimal digits", hash, 2*md5.Size)
	}
	entries := allEntries()
	i, ok := slices.BinarySearchFunc(entries, binary, func(e entry, hash []byte) int { return bytes.Compare(e.Hash[:], hash) })
	if !ok {
		return Cell{}, fmt.Errorf("hash %s: no cell has it", hash)
	}
	return Cell{entries[i].Code}, nil
}

// identify returns the position in allCells of a cell whose hash in a file must be this one.
func identify(hash string, c Cell) (int, error) {
	want, err := find(hash)
	if err != nil {
		return 0, err
	}
	if want != c && want != c.Canonical() {
		return 0, fmt.Errorf("hash %s is that of the cell %v, not of %v", hash, want, c)
	}
	position, _ := allCells().position(want)
	return position, nil
}
