package nasbench201

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// natsFile is the file of one cell, as it is packed.
type natsFile struct {
	name    string
	index   int
	content []byte
}

var natsPattern = regexp.MustCompile(`^(\d{6})\.pickle\.pbz2$`)

// eachNATSFile calls f with the file of each cell in a folder or a .tar.
func eachNATSFile(path string, f func(natsFile) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return eachInFolder(path, f)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return eachInTar(file, f)
}

func eachInFolder(path string, f func(natsFile) error) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		index, ok := natsIndex(entry.Name())
		if !ok {
			continue
		}
		file, err := os.Open(filepath.Join(path, entry.Name()))
		if err != nil {
			return err
		}
		err = passNATS(file, entry.Name(), index, f)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func eachInTar(file io.Reader, f func(natsFile) error) error {
	archive := tar.NewReader(file)
	for {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("it is neither a folder nor a sound .tar: %w", err)
		}
		name := filepath.Base(header.Name)
		if index, ok := natsIndex(name); ok && header.Typeflag == tar.TypeReg {
			if err := passNATS(archive, name, index, f); err != nil {
				return err
			}
		}
	}
}

// natsIndex returns the official index of the cell whose file has this name.
func natsIndex(name string) (int, bool) {
	match := natsPattern.FindStringSubmatch(name)
	if match == nil {
		return 0, false
	}
	index, _ := strconv.Atoi(match[1])
	return index, index < NumCells
}

func passNATS(in io.Reader, name string, index int, f func(natsFile) error) error {
	content, err := io.ReadAll(io.LimitReader(in, maxNATSFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case len(content) > maxNATSFile:
		return fmt.Errorf("%s has more than %d bytes", name, maxNATSFile)
	}
	return f(natsFile{name, index, content})
}
