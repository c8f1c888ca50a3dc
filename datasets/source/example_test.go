package source_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// A file with a known checksum is downloaded once. Whoever asks for it again finds it there, even
// when its publisher is gone.
func ExampleFetch() {
	dir, err := os.MkdirTemp("", "fetched-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	const table = "cell,accuracy\n0,91.6\n"
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, table) }))
	file := source.File{Name: "table.csv", URL: publisher.URL, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(table)))}
	for range 2 {
		path, err := source.Fetch(context.Background(), file, dir, os.Stderr)
		if err != nil {
			fmt.Println(err)
			return
		}
		content, err := os.ReadFile(path)
		fmt.Printf("%d bytes, error: %v\n", len(content), err)
		publisher.Close()
	}
	// Output:
	// 21 bytes, error: <nil>
	// 21 bytes, error: <nil>
}
