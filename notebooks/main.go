// Command notebooks makes ready what the project's notebooks need, executes or opens them, makes a
// site of them, and measures the project's speed:
//
//	go run ./notebooks run quickstart
//
// The kernel, its tools, the Python environment, XLA's plugin and the data all go below .cache in
// the project, or $CRLSO_CACHE. What is there already is used as it is.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cr-lso/cr-lso/notebooks/supervise"
)

const usage = `usage: go run ./notebooks COMMAND

  run [NAME...] [-scale smoke|laptop|paper] [-o DIR]
           execute notebooks, all by default; DIR (runs/notebooks/SCALE) gets each as .ipynb and .html
           with its figures, and an index of all there, index.html
  class [NAME...] [-o DIR]
           write notebooks for a class, all by default, to DIR (runs/class): without solutions and outputs; one that
           a student has changed stays as it is
  lab [FOLDER]
           open JupyterLab on a folder or notebook, such as runs/class (notebooks); takes jupyter lab's own arguments
  kernel [-remove]
           offer the notebooks' kernel, Go (CR-LSO), to the Jupyter, VS Code or papermill that you have: writes one file
           to Jupyter's folder in your home; -remove takes it back
  search -space FILE -budget N -out DIR [-parallel K] [-timeout 30m] [-searcher NAME] -- COMMAND
           search a space of your own: COMMAND gets an architecture as JSON on its input and in CRLSO_ARCH, and
           prints its accuracy, or an object such as {"accuracy": 91.2, "latency": 3.1}, in its last line; the same
           call again goes on from DIR. -minimise latency -limit "latency<=2" for two objectives; -searcher names
           another one than the best (ensemble, random, local, evolution, gp, bananas, crlso; pareto, nsga2, tradeoff);
           -together waits for whole batches, so that the search does not depend on which worker is faster;
           -failed is what the search sees of what cannot be trained (0), -seed another search (1)
  explore RUN... [-space FILE] [-o FILE]
           make a page on which one moves through the latent space of a training, FILE (explorer.html in RUN's folder);
           RUN is its folder, such as runs/nas-bench-201-cifar-10-d7642551; those of two stand side by side; -space is
           the space of a run that is not on a benchmark of this project: what the run has measured is then known
  site [-o DIR]
           make a static site of the notebooks as they are in the project, the READMEs and the explorers of all runs in DIR
           (runs/site), with search; it needs no network, and works on any server, or from its index.html
  data     which tables are part of the project, which official files are here, how to get the others
           -verify compares those that are here with the tables; -rebuild DIR makes the tables anew from
           the reference tables or official files in DIR, and writes those that differ
  bench [NAME...] [-note TEXT] [-o FILE]
           run benchmarks, all by default, and add what they measure, with the machine, its load, the versions
           and the note of what has changed, to the record FILE (runs/speed.csv; the project's is notebooks/speed.csv)
  doctor   versions, backend, devices, memory, disk; what is broken and what will be slow

Without a clone: go run github.com/cr-lso/cr-lso/notebooks@VERSION COMMAND, in any folder, which gets runs. lab,
bench and data -rebuild need a clone, for they change it: git clone https://github.com/cr-lso/cr-lso
`

func main() {
	supervise.Watcher()
	log.SetFlags(0)
	log.SetPrefix("notebooks: ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := command(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(usageOf(os.Args[1:]))
	} else if err != nil {
		for line := range strings.Lines(err.Error()) { // joined errors come one to a line
			log.Print(line)
		}
		os.Exit(1)
	}
}

// usageOf returns what the usage says of the command that the arguments name, or all of it.
func usageOf(args []string) string {
	heading, of := "usage: go run ./notebooks", ""
	for line := range strings.Lines(usage) {
		if name, ok := strings.CutPrefix(line, "  "); ok && !strings.HasPrefix(name, " ") { // the next command
			if of != "" {
				break
			}
			if len(args) > 0 && strings.Fields(name)[0] == args[0] {
				of = heading + " " + name
				continue
			}
		}
		if of != "" {
			of += line
		}
	}
	return cmp.Or(of, usage)
}

// goRun returns the process of go run, if that has started this one: it does not hand on every
// signal.
func goRun() []int {
	parent := os.Getppid()
	if path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", parent)); err == nil && filepath.Base(path) == "go" {
		return []int{parent}
	}
	return nil
}

func command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return flag.ErrHelp
	}
	name, args := args[0], args[1:]
	switch name {
	case "-h", "-help", "--help", "help":
		return flag.ErrHelp
	}
	if err := supervise.Begin(goRun()...); err != nil {
		log.Print("warning: if this process is killed, what it has started goes on: ", err)
	}
	switch name {
	case "run":
		return run(ctx, args)
	case "class":
		return class(ctx, args)
	case "lab":
		return lab(ctx, args)
	case "kernel":
		return register(ctx, args)
	case "search":
		return searchCommand(ctx, args)
	case "bench":
		return bench(ctx, args)
	case "explore":
		return explore(ctx, args)
	case "site":
		return site(ctx, args)
	case "data":
		return data(ctx, args)
	case "doctor":
		if len(args) > 0 {
			return fmt.Errorf("%s takes no arguments, not %q", name, args)
		}
		return doctor(ctx)
	}
	return fmt.Errorf("there is no command %q: the commands are run, class, lab, kernel, search, explore, site, data, bench and doctor", name)
}
