package main

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// objects is as much of Google Cloud Storage as a bucket takes, for STORAGE_EMULATOR_HOST.
type objects struct {
	mu    sync.Mutex
	files map[string][]byte // by bucket/name
}

func newObjects() *objects { return &objects{files: map[string][]byte{}} }

func (o *objects) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.files)
}

// stored is an object in Google's words.
type stored struct {
	Bucket string `json:"bucket"`
	Name   string `json:"name"`
	Size   string `json:"size"`
}

func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/upload/"):
		bucket := strings.Split(path, "/")[5]
		name, text, err := upload(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		o.files[bucket+"/"+name] = text
		json.NewEncoder(w).Encode(stored{bucket, name, strconv.Itoa(len(text))})
	case strings.HasSuffix(path, "/o"):
		var list struct {
			Items []stored `json:"items"`
		}
		bucket := strings.Split(path, "/")[4]
		for file, text := range o.files {
			if name, ok := strings.CutPrefix(file, bucket+"/"); ok && strings.HasPrefix(name, r.FormValue("prefix")) {
				list.Items = append(list.Items, stored{bucket, name, strconv.Itoa(len(text))})
			}
		}
		json.NewEncoder(w).Encode(list)
	default:
		o.serveFile(w, r)
	}
}

// serveFile answers to /storage/v1/b/BUCKET/o/NAME with what is known of a file, or removes it, and
// to /BUCKET/NAME with the file.
func (o *objects) serveFile(w http.ResponseWriter, r *http.Request) {
	path, known := strings.CutPrefix(r.URL.Path, "/storage/v1/b/")
	path = strings.TrimPrefix(path, "/")
	if known {
		path = strings.Replace(path, "/o/", "/", 1)
	}
	text, ok := o.files[path]
	bucket, name, _ := strings.Cut(path, "/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case r.Method == http.MethodDelete:
		delete(o.files, path)
		w.WriteHeader(http.StatusNoContent)
	case known:
		json.NewEncoder(w).Encode(stored{bucket, name, strconv.Itoa(len(text))})
	default:
		w.Write(text)
	}
}

// upload reads a file and its name from two parts.
func upload(r *http.Request) (name string, text []byte, err error) {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil, err
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	part, err := parts.NextPart()
	if err != nil {
		return "", nil, err
	}
	var about stored
	if err := json.NewDecoder(part).Decode(&about); err != nil {
		return "", nil, err
	}
	if part, err = parts.NextPart(); err != nil {
		return "", nil, err
	}
	text, err = io.ReadAll(part)
	return about.Name, text, err
}
