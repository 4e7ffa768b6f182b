package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// pack writes files under their full paths, as rke-tools does; restore looks for them by their last part.
func pack(archive string, files []string) error {
	out, err := os.OpenFile(archive, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	writer := zip.NewWriter(out)
	for _, file := range files {
		if err := add(writer, file); err != nil {
			return err
		}
	}
	return writer.Close()
}

func add(writer *zip.Writer, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	entry, err := writer.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, in)
	return err
}

// extract takes one file out of an archive, by the last part of its name.
func extract(archive, base, to string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer reader.Close()
	for _, file := range reader.File {
		if filepath.Base(file.Name) != base {
			continue
		}
		in, err := file.Open()
		if err != nil {
			return err
		}
		defer in.Close()
		return write(to, in)
	}
	return fmt.Errorf("%s: no %s in it", archive, base)
}

func write(path string, from io.Reader) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
