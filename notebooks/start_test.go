package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/cr-lso/cr-lso/notebooks/scale"
)

// firstOutput starts a kernel in the folder of its first argument, has it execute the cell that
// follows, and prints how many seconds it took until that printed something.
const firstOutput = `
import sys, time
from jupyter_client.manager import start_new_kernel

began = time.monotonic()
manager, client = start_new_kernel(kernel_name="crlso", cwd=sys.argv[1])
client.execute(sys.argv[2])
while True:
    message = client.get_iopub_msg(timeout=600)
    if message["msg_type"] == "error":
        sys.exit(message["content"]["evalue"])
    if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
        break
print(time.monotonic() - began)
client.stop_channels()
manager.shutdown_kernel(now=True)
`

// BenchmarkFirstOutput is what a reader waits from the start of a kernel to the first printed line,
// with caches warm: of a cell of its own, and of one that opens the backend of the method.
func BenchmarkFirstOutput(b *testing.B) {
	p, err := findProject(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	python, env, err := p.prepare(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for name, cell := range map[string]string{
		"plain": "%%\nfmt.Println(1)",
		"crlso": "import (\n\t\"github.com/cr-lso/cr-lso/crlso\"\n\t\"github.com/janpfeifer/must\"\n)\n%%\nfmt.Println(must.M1(backend.New()).Description())",
	} {
		b.Run(name, func(b *testing.B) {
			seconds := func() float64 {
				cmd := p.child(b.Context(), env, os.Interrupt, python, "-c", firstOutput, p.file(""), cell)
				cmd.Stdout = nil
				said, err := cmd.Output()
				if err != nil {
					b.Fatalf("%v: %s", err, said)
				}
				value, err := strconv.ParseFloat(lastLine(string(said)), 64)
				if err != nil {
					b.Fatal(err)
				}
				return value
			}
			seconds() // fills Go's build cache
			total := 0.0
			for b.Loop() {
				total += seconds()
			}
			b.ReportMetric(1e9*total/float64(b.N), "ns/op")
		})
	}
}

// BenchmarkQuickstart executes the quickstart from the beginning, in a folder of its own. The peak
// of memory is that of the largest process: a cell's, or a compiler's if that is larger.
func BenchmarkQuickstart(b *testing.B) {
	content, err := os.ReadFile("quickstart.ipynb")
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range scale.Names[:2] {
		b.Run(size, func(b *testing.B) {
			peak := int64(0)
			for b.Loop() {
				notebook := filepath.Join(b.TempDir(), "quickstart.ipynb") // runs go beside it
				if err := os.WriteFile(notebook, content, 0o644); err != nil {
					b.Fatal(err)
				}
				cmd := launch(b, "run", notebook, "-scale", size, "-o", b.TempDir())
				if _, stderr, status := result(b, cmd); status != 0 {
					b.Fatal(stderr)
				}
				peak = max(peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			}
			b.ReportMetric(float64(peak)/1024, "peak-MB")
		})
	}
}
