// Sweep runs an experiment, each method on each data set from many seeds, on Apache Beam. Each
// search is an item of its own. What comes out is a folder of package experiment, the same that
// experiment.Run makes:
//
//	go run . -out DIR -methods "local search,random search" -data-sets cifar10 -seeds 100 -budget 192
//
// Items run in this process, on Beam's Prism runner, as many at once as GOMAXPROCS says. A sweep
// that is killed, at whatever moment, goes on when it is started again, and has lost no more than
// the items that it was at. An item that fails is tried again; if it fails three times, the others
// are run all the same, and the error tells why.
//
// # On a cluster
//
// With Beam's own flags, which -help lists, the sweep goes to a runner that has a Beam job service,
// such as Flink 1.18, the newest that Beam 2.60 has a job server for, or Spark 3.5. On each machine
// of the cluster, with CRLSO_CACHE set where methods use XLA, start a pool, which starts workers
// when the runner asks for them:
//
//	go build -o /shared/sweep .
//	/shared/sweep -pool localhost:50000
//
// Once, next to the cluster, Beam's job server (org.apache.beam:beam-runners-flink-1.18-job-server
// or beam-runners-spark-3-job-server, of version 2.60.0):
//
//	java -jar beam-runners-flink-1.18-job-server-2.60.0.jar \
//	    --flink-master=JOBMANAGER:8081 --job-host=HOST
//
// And the sweep, on any machine that has the folder /shared:
//
//	/shared/sweep -out /shared/DIR -runner flink -endpoint HOST:8099 -parallelism SLOTS
//
// What to know:
//
//   - The folder -out has to be that of the workers, under the same path, for example on NFS. Every
//     result goes there as soon as it is known. Workers that do not find it there say so before
//     they search.
//   - Where no folder is shared, as on Kubernetes or Dataflow, name a folder of an object store,
//     for this sweep alone: -bucket gs://NAME/FOLDER. Workers leave results in it, and the sweep
//     fetches them into -out and removes them there. Other stores than gs take one import, which
//     the error names.
//   - -parallelism is the number of slots of Flink; without it Flink takes one of the whole
//     cluster. Spark takes all cores.
//   - A job that has lost a worker or a task manager is followed by one of what is left, as long as
//     each job finishes something. Flink itself goes on only if its configuration
//     has a restart strategy (restart-strategy: fixed-delay), as Beam's Go SDK cannot send one. It
//     repeats all items then, and those that are done return at once. Spark repeats what is lost.
//   - The driver has to reach the job server at its ports 8099 (jobs) and 8098 (artifacts) by the
//     name --job-host. Runner and pool have to reach each other at localhost, at port 50000 and at
//     ports that the runner chooses. So a pool runs beside each task manager: on its machine, or in
//     its pod as a second container. -environment_config HOST:PORT names another port.
//   - Each task manager or executor has a worker, and a worker runs as many searches at once as
//     GOMAXPROCS says. Start the pool with a smaller GOMAXPROCS where several are on one machine.
//
// Whoever reaches a pool can run programs as you, without a password. So it listens on localhost
// unless it is given another host, and says then what that exposes. Its workers are processes of
// the same program, which end with the pool, or with the connection to the runner.
//
// Two other environments of workers are for special cases. -environment_type LOOPBACK runs all
// workers in this process, to try a runner on one machine. -environment_type DOCKER
// -environment_config IMAGE, which Dataflow needs, runs a container with none of the machine's
// folders, so it takes -bucket; the image has Beam's /opt/apache/beam/boot as entry point, as
// Beam's own for Go, with glibc, the libstdc++ and the CRLSO_CACHE that XLA takes, an entry for its
// user in /etc/passwd, and HOME. For DOCKER the job server's --artifacts-dir has to be a folder
// that task managers can read. Neither DOCKER with a bucket nor Dataflow was tried.
//
// A job in a cluster does not end with the sweep if that is killed: cancel it there, after the
// sweep, or that starts another. If both run, they repeat items of each other, with the same
// results.
//
// # Evaluations on a cluster
//
// A search on a problem that nobody has measured sends its trainings to the same workers: let it
// evaluate by this program, which lets a worker run the one that trains, and prints its answer:
//
//	go run ./notebooks search -space FILE -budget 100 -parallel 16 -out DIR -- \
//	    /shared/sweep -evaluate -out /shared/ANSWERS \
//	    -runner flink -endpoint HOST:8099 -parallelism 1 -- python train.py
//
// So does command.Evaluator for experiment.Live. Each evaluation is a job, and as many run as the
// search has evaluations at once. Instead of -out there may be -bucket. A job that is lost is sent
// again, twice, before the architecture counts as failed. One whose search is stopped goes on in
// the cluster, and leaves its answer for when the search goes on.
//
// # What was tried
//
// An earlier form of pools, with a shared folder, was tried on Flink 1.18.1 and Spark 3.5.0, with
// task managers, executors, workers and drivers killed. The tests of this one run Prism as a job
// service, with workers of a pool that are killed, a bucket of a stand-in for Google's store, and
// evaluations.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"golang.org/x/exp/slog"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

func main() {
	out := flag.String("out", "", "folder of the experiment")
	names := flag.String("methods", "local search,random search", "some of: "+strings.Join(methods.names(), ", "))
	tables := flag.String("data-sets", "cifar10", "some of: "+strings.Join(dataSets.names(), ", "))
	seeds := flag.Int("seeds", 100, "searches of each method on each data set, from the seeds 0, 1, 2, ...")
	budget := flag.Int("budget", 192, "queries of each search")
	store := flag.String("bucket", "", "folder such as gs://NAME/FOLDER for results, where workers cannot write to -out")
	poolAt := flag.String("pool", "", "HOST:PORT of a pool of workers, such as "+defaultPool+"; all other flags count in the sweep, not here")
	evaluate := flag.Bool("evaluate", false, "let a worker run the program that follows the flags, for the architecture in CRLSO_ARCH")
	environment()
	flag.Parse()
	if *poolAt != "" {
		exit(servePool(*poolAt, os.Stderr))
	}
	setWorkerBinary()
	beam.Init() // does not return in a worker of DOCKER
	quiet()
	if startedByPool() {
		exit(runWorker())
	}
	*store = strings.TrimRight(*store, "/")
	if *evaluate {
		exit(evaluation{bucket(*store), flag.Args(), os.Getenv("CRLSO_ARCH")}.run(context.Background(), *out))
	}
	exit(report(sweep{*out, strings.Split(*names, ","), strings.Split(*tables, ","), *seeds, *budget, bucket(*store)}))
}

// exit ends the program, with an error if there is one.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// setWorkerBinary makes this program the one that workers run, unless a flag names another.
func setWorkerBinary() {
	if *jobopts.WorkerBinary != "" {
		return
	}
	switch strings.ToUpper(*jobopts.EnvironmentType) {
	case "EXTERNAL":
		*jobopts.WorkerBinary = os.DevNull // the pool has it, and the job server would keep a copy of each
	case "DOCKER":
		*jobopts.WorkerBinary, _ = os.Executable() // else Beam compiles one, without cgo and so without XLA
	}
}

// environment makes pools the default of Beam's flags, and takes from their help what Beam's Go SDK
// does not have.
func environment() {
	for name, to := range map[string][2]string{
		"environment_type":   {"EXTERNAL", "EXTERNAL (see -pool), DOCKER or LOOPBACK"},
		"environment_config": {defaultPool, "where each machine has its pool; for DOCKER the image"},
	} {
		f := flag.Lookup(name)
		f.Value.Set(to[0])
		f.DefValue, f.Usage = to[0], to[1]
	}
}

// report runs a sweep and prints what its methods have found, beside the first of them.
func report(s sweep) error {
	if s.Dir == "" || flag.NArg() > 0 {
		return fmt.Errorf("name the folder of the experiment with -out, and put lists in quotes; left over are %q", flag.Args())
	}
	if s.Bucket != "" && !strings.Contains(string(s.Bucket), "://") {
		return fmt.Errorf("-bucket is %q, want a folder of a store such as gs://NAME/FOLDER", s.Bucket)
	}
	results, err := s.run(context.Background(), os.Stderr)
	if err != nil {
		return err
	}
	table, err := results.Table(experiment.Val, s.Methods[0], s.Budget)
	fmt.Print(table)
	return err
}

// quiet keeps from standard error what Beam and Prism say of their steps; what goes wrong is in
// beam.Run's error.
func quiet() {
	log.SetLogger(&log.Standard{Level: log.SevFatal})
	hooks.DisableHook(harness.DefaultRemoteLoggingHook) // else workers in this process have a logger of their own
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
}
