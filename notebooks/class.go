package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// class writes versions of notebooks for a class: without solutions and without outputs. Where that
// would replace something of the user's, it leaves it and says so at the end.
func class(ctx context.Context, args []string) error {
	flags := newFlags("class")
	target := flags.String("o", "", "")
	names, err := parseNames(flags, args)
	if err != nil {
		return err
	}
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	notebooks, err := p.notebooks(names)
	if err != nil {
		return err
	}
	if *target == "" {
		*target = filepath.Join(p.runs(), "class")
	}
	folder, err := writable(*target)
	if err != nil {
		return err
	}
	var refused []error
	for _, notebook := range notebooks {
		page, err := readPage(notebook)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, filepath.Base(notebook))
		if err := replaceable(path); err != nil {
			refused = append(refused, err)
			continue
		}
		removed := page.forClass()
		content, err := page.encode()
		if err == nil {
			err = write(path, content)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s, without %d solutions\n", p.relative(path), removed)
	}
	return errors.Join(refused...)
}

// replaceable returns nil if there is no file, or one that class wrote and nobody has changed.
func replaceable(path string) error {
	page, err := readPage(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && page.metadata()[classMark] == page.digest() {
		return nil
	}
	return fmt.Errorf("%s was not written by this program, or changed since: move it away, or choose another folder with -o", path)
}

// jsonPage is a notebook with all that is in it, known here or not.
type jsonPage map[string]any

func readPage(path string) (page jsonPage, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&page); err != nil {
		return nil, fmt.Errorf("%s is no notebook: %w", path, err)
	}
	if page.cells() == nil || page.metadata() == nil {
		return nil, fmt.Errorf("%s is no notebook: it has no cells or no metadata", path)
	}
	return page, nil
}

// encode returns the notebook as the launcher writes it.
func (page jsonPage) encode() ([]byte, error) {
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(page)
	return content.Bytes(), err
}

// cells returns those parts that are cells, each of which may be changed.
func (page jsonPage) cells() (cells []jsonPage) {
	list, _ := page["cells"].([]any)
	for _, item := range list {
		if c, ok := item.(map[string]any); ok {
			cells = append(cells, c)
		}
	}
	return cells
}

// metadata returns the metadata of a notebook or cell, empty if there are none.
func (page jsonPage) metadata() jsonPage {
	m, _ := page["metadata"].(map[string]any)
	return m
}

// classMark names what class notes in a notebook's metadata: its digest.
const classMark = "class"

// foldedSolution is one in Markdown.
var foldedSolution = regexp.MustCompile(`(?s)\n*<details><summary>Solution</summary>.*?</details>`)

// forClass removes the solutions, which it counts, and the outputs, and marks the notebook. Cells
// whose source is folded are solutions, with or without a checker.
func (page jsonPage) forClass() (removed int) {
	kept := []any{}
	for _, c := range page.cells() {
		jupyter, _ := c.metadata()["jupyter"].(map[string]any)
		if jupyter["source_hidden"] == true {
			removed++
			continue
		}
		text := c.source()
		if folded := len(foldedSolution.FindAllString(text, -1)); folded > 0 && c["cell_type"] == "markdown" {
			removed += folded
			c["source"] = foldedSolution.ReplaceAllString(text, "")
		}
		if c["cell_type"] == "code" {
			c["outputs"], c["execution_count"] = []any{}, nil
		}
		kept = append(kept, map[string]any(c))
	}
	page["cells"] = kept
	delete(page.metadata(), "executed")
	page.metadata()[classMark] = page.digest()
	return removed
}

// digest is the SHA-256 of what a student may write: kinds and sources of all cells.
func (page jsonPage) digest() string {
	sources := sha256.New()
	for _, c := range page.cells() {
		fmt.Fprintf(sources, "%v\x00%s\x00", c["cell_type"], c.source())
	}
	return fmt.Sprintf("%x", sources.Sum(nil))
}

// source is the text of a cell, which nbformat may keep as a list of lines.
func (page jsonPage) source() (text string) {
	lines, ok := page["source"].([]any)
	if !ok {
		lines = []any{page["source"]}
	}
	for _, line := range lines {
		if line, ok := line.(string); ok {
			text += line
		}
	}
	return text
}
