package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

// A cluster is Prism as a job service and a pool, each a process. What the pool calls results is
// not the driver's folder of that name.
type cluster struct {
	endpoint, pool string
	driverAt       string // working directory of drivers
	poolAt         string // working directory of the pool and its workers
	pooled         *exec.Cmd
	env            []string

	mu      sync.Mutex
	workers []int // their processes
}

// results is a path that leads to the working directory of each process, so that nobody finds the
// folder of another.
const results = "/proc/self/cwd/results"

func init() {
	methods["slow search"] = fixed(scripted{do: func() error { time.Sleep(100 * time.Millisecond); return nil }})
	methods["telling search"] = fixed(scripted{do: func() error { return os.WriteFile("searched", nil, 0o666) }})
}

func newCluster(t *testing.T, env ...string) *cluster {
	c := &cluster{endpoint: freeAddress(t), pool: freeAddress(t), driverAt: t.TempDir(), poolAt: t.TempDir(), env: env}
	_, port, _ := net.SplitHostPort(c.endpoint)
	service := exec.Command(os.Args[0])
	service.Env = append(os.Environ(), asJobService+"="+port)
	start(t, service)
	c.pooled = c.command(c.poolAt, "-pool", c.pool)
	log, err := c.pooled.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, c.pooled)
	go c.follow(log)
	for _, address := range []string{c.endpoint, c.pool} {
		wait(t, address, func() bool {
			connection, err := net.Dial("tcp", address)
			if err == nil {
				connection.Close()
			}
			return err == nil
		})
	}
	return c
}

// follow learns of workers from what the pool says.
func (c *cluster) follow(log io.Reader) {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if m := regexp.MustCompile(`is process (\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			pid, _ := strconv.Atoi(m[1])
			c.mu.Lock()
			c.workers = append(c.workers, pid)
			c.mu.Unlock()
		}
	}
}

// worker returns the last worker that was started, and how many were.
func (c *cluster) worker() (pid, started int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.workers) > 0 {
		pid = c.workers[len(c.workers)-1]
	}
	return pid, len(c.workers)
}

// command returns this program as a sweep.
func (c *cluster) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), asMain+"=1000000"), c.env...)
	return cmd
}

// driver returns the command of a sweep, and what it will have written to standard error.
func (c *cluster) driver(t *testing.T, s sweep) (*exec.Cmd, *bytes.Buffer) {
	cmd := c.command(c.driverAt, "-out", s.Dir, "-methods", strings.Join(s.Methods, ","), "-data-sets", strings.Join(s.DataSets, ","),
		"-seeds", fmt.Sprint(s.Seeds), "-budget", fmt.Sprint(s.Budget), "-bucket", string(s.Bucket),
		"-runner", "universal", "-endpoint", c.endpoint, "-environment_config", c.pool)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the driver said %s", &stderr)
		}
	})
	return cmd, &stderr
}

func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	if !within(2*time.Minute, done) {
		t.Fatalf("waited too long for %s", what)
	}
}

// within waits until something is done, and reports whether it was in time.
func within(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// Workers of a pool that are killed at random during a sweep lose nothing: it ends with the rows of
// experiment.Run, whether workers have its folder or a bucket.
func TestKilledWorkers(t *testing.T) {
	for _, store := range []bucket{"", "gs://sweeps/first"} {
		t.Run("bucket "+string(store), func(t *testing.T) {
			t.Parallel()
			s := sweep{t.TempDir(), []string{"slow search", "local search"}, []string{"cifar10"}, 20, 10, store}
			objects := newObjects()
			server := httptest.NewServer(objects)
			defer server.Close()
			c := newCluster(t, "STORAGE_EMULATOR_HOST="+server.URL)
			finished := func() int { return objects.count() }
			if store == "" {
				finished = func() int {
					r, err := experiment.Load(s.Dir)
					if err != nil { // it is not there yet
						return 0
					}
					return count(r)
				}
			} else {
				s.Dir = results
			}
			c.sweepAndKill(t, s, finished)
			if store != "" {
				s.Dir = filepath.Join(c.driverAt, "results")
				if left := len(glob(t, c.poolAt, "*")); left > 0 || objects.count() > 0 {
					t.Errorf("%d files are left where workers were, and %d in the bucket", left, objects.count())
				}
			}
			wantRowsOfRun(t, s)
		})
	}
}

// sweepAndKill runs a sweep, and kills its worker three times.
func (c *cluster) sweepAndKill(t *testing.T, s sweep, finished func() int) {
	driver, stderr := c.driver(t, s)
	start(t, driver)
	for kill := range 3 {
		at := 4 + 8*kill + rand.IntN(5)
		wait(t, fmt.Sprintf("%d searches", at), func() bool { return finished() >= at })
		pid, started := c.worker()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		anew := func() bool { _, n := c.worker(); return n > started }
		if !within(5*time.Second, anew) {
			// Prism 2.60 waits for ever for the answer of a worker that has ended as it was asked.
			// A user would start the sweep again.
			driver.Process.Kill()
			driver.Wait()
			driver, stderr = c.driver(t, s)
			start(t, driver)
			wait(t, "a new worker", anew)
		}
	}
	if err := driver.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
}

func glob(t *testing.T, pattern ...string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Workers that cannot write where the driver reads say so in one line before they search.
func TestWorkersWithoutFolder(t *testing.T) {
	c := newCluster(t, "STORAGE_EMULATOR_HOST=http://"+freeAddress(t))
	s := sweep{results, []string{"telling search"}, []string{"cifar10"}, 3, 5, ""}
	driver, stderr := c.driver(t, s)
	if err := driver.Run(); err == nil {
		t.Error("the sweep has no error")
	}
	said := regexp.MustCompile(`experiment: stopped after 0 of 3 searches: workers do not write to this folder: ` +
		results + `, on \S+: .*no such file or directory; give it to all workers under this path; run it again to go on\n$`)
	if !said.MatchString(stderr.String()) {
		t.Errorf("the sweep says %q, want a line like %s", stderr, said)
	}
	if files := glob(t, c.poolAt, "*"); len(files) > 0 {
		t.Errorf("workers have left %q", files)
	}
}

// A worker ends with its pool, also in the middle of a search, when the pool is killed.
func TestWorkersEndWithPool(t *testing.T) {
	c := newCluster(t, asMain+"=0") // searches wait for ever
	driver, _ := c.driver(t, sweep{t.TempDir(), []string{"held local search"}, []string{"cifar10"}, 2, 5, ""})
	start(t, driver)
	wait(t, "a worker", func() bool { _, n := c.worker(); return n > 0 })
	pid, _ := c.worker()
	time.Sleep(500 * time.Millisecond)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the worker has ended before the pool: %v", err)
	}
	if err := c.pooled.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.pooled.Wait()
	wait(t, "the end of the worker", func() bool { return !running(pid) })
}

// running reports whether there is a process that has not ended: one whose parent was killed may be
// waited for by nobody.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// What workers of a killed driver have left in the bucket is fetched, and not searched again.
func TestBucketOfKilledDriver(t *testing.T) {
	objects := newObjects()
	server := httptest.NewServer(objects)
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	s := sweep{t.TempDir(), []string{"random search"}, []string{"cifar10"}, 3, 5, "gs://sweeps/second"}
	plan, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	item := experiment.Item{Method: "random search", DataSet: plan.Benchmarks[0].Name(), Seed: 1}
	if err := s.Bucket.runItem(t.Context(), plan, item); err != nil {
		t.Fatal(err)
	}
	for name, text := range objects.files {
		objects.files[name] = regexp.MustCompile(`,[0-9.]+\n`).ReplaceAll(text, []byte(",1234\n"))
	}
	if _, err := s.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), ",1234\n"); n != 5 || objects.count() != 0 {
		t.Errorf("%d rows are those from the bucket, want 5, and %d files are left there", n, objects.count())
	}
	wantRowsOfRun(t, s)
}
