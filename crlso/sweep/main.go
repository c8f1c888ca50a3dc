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
// With Beam's own flags, which -help lists, the program sends itself to a runner that has a Beam
// job service, such as Flink's or Spark's:
//
//	go build -o /shared/sweep .
//	/shared/sweep -out /shared/DIR -runner flink -endpoint HOST:PORT -worker_binary /shared/sweep -environment_config IMAGE
//
// Workers get names, and make methods and tables of accuracies from them. They need
//
//   - the program: Beam sends them the file that -worker_binary names. Without this flag it compiles one without cgo,
//     and so without XLA, which is enough for searches that train no networks;
//   - XLA's plugin if it is used: CRLSO_CACHE on each worker leads to its folder. With -environment_type DOCKER, which is
//     the default, the image has to bring it; with PROCESS it is that of the worker's machine. The tables are in the program;
//   - the folder -out, under the same path on every worker and here, for example on NFS. Every result goes there as soon
//     as it is known. A service whose workers share no folder, such as Dataflow, does not do.
//
// A job in a cluster does not end with this program if that is killed: cancel it there. If both
// run, they repeat items of each other, with the same results.
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
	"golang.org/x/exp/slog"

	"github.com/cr-lso/cr-lso/crlso/experiment"
)

func main() {
	out := flag.String("out", "", "folder of the experiment")
	names := flag.String("methods", "local search,random search", "some of: "+strings.Join(methods.names(), ", "))
	tables := flag.String("data-sets", "cifar10", "some of: "+strings.Join(dataSets.names(), ", "))
	seeds := flag.Int("seeds", 100, "searches of each method on each data set, from the seeds 0, 1, 2, ...")
	budget := flag.Int("budget", 192, "queries of each search")
	flag.Parse()
	beam.Init() // does not return in a worker
	quiet()
	s := sweep{*out, strings.Split(*names, ","), strings.Split(*tables, ","), *seeds, *budget}
	if err := report(s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// report runs a sweep and prints what its methods have found, beside the first of them.
func report(s sweep) error {
	if s.Dir == "" || flag.NArg() > 0 {
		return fmt.Errorf("name the folder of the experiment with -out, and put lists in quotes; left over are %q", flag.Args())
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
