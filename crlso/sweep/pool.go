package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
	"google.golang.org/grpc"
)

// defaultPool is where a runner looks for the pool on each of its machines.
const defaultPool = "localhost:50000"

// pool is Beam's external worker service. It starts a worker, a process of this program, for each
// task manager or executor that asks for one. A worker ends with the connection to the one that
// asked, and with the pool, however that ends.
type pool struct {
	fnpb.UnimplementedBeamFnExternalWorkerPoolServer
	log io.Writer
}

// servePool serves a pool at HOST:PORT. Without a host it is this machine alone that can reach it.
func servePool(address string, log io.Writer) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-pool is %q, want HOST:PORT such as %s", address, defaultPool)
	}
	if host == "" {
		host = "localhost"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return fmt.Errorf("pool: %w; choose another port", err)
	}
	fmt.Fprintf(log, "a pool of workers is at %s\n", listener.Addr())
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		fmt.Fprintf(log, "It is open to other machines: whoever reaches this port can run programs here as you, "+
			"without a password. Keep it inside of the cluster, or use %s.\n", defaultPool)
	}
	server := grpc.NewServer()
	fnpb.RegisterBeamFnExternalWorkerPoolServer(server, pool{log: log})
	return server.Serve(listener)
}

// StartWorker starts a worker. Two may have the same id, as each task manager counts from 1, also
// one that was restarted.
func (p pool) StartWorker(_ context.Context, r *fnpb.StartWorkerRequest) (*fnpb.StartWorkerResponse, error) {
	if err := p.start(r); err != nil {
		return &fnpb.StartWorkerResponse{Error: err.Error()}, nil
	}
	return &fnpb.StartWorkerResponse{}, nil
}

func (p pool) start(r *fnpb.StartWorkerRequest) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// Without Beam's flag -worker, so that beam.Init returns.
	worker := exec.Command(self, "-id="+r.GetWorkerId(), "-logging_endpoint="+r.GetLoggingEndpoint().GetUrl(),
		"-control_endpoint="+r.GetControlEndpoint().GetUrl())
	worker.Stdout, worker.Stderr = os.Stdout, os.Stderr
	alive, err := worker.StdinPipe() // closed by the system when the pool ends, however it does
	if err != nil {
		return err
	}
	if err := worker.Start(); err != nil {
		return err
	}
	fmt.Fprintf(p.log, "worker %s is process %d\n", r.GetWorkerId(), worker.Process.Pid)
	go func() {
		defer alive.Close()
		worker.Wait()
	}()
	return nil
}

// StopWorker does nothing: an id may be that of several workers, and one that is not needed ends
// with its connection.
func (pool) StopWorker(context.Context, *fnpb.StopWorkerRequest) (*fnpb.StopWorkerResponse, error) {
	return &fnpb.StopWorkerResponse{}, nil
}

// startedByPool reports whether this process is a worker of a pool.
func startedByPool() bool { return flagValue("id") != "" }

// runWorker is Beam's worker mode, but for that it returns when the connection ends, where Beam's
// waits for ever, and that the process ends with the pool.
func runWorker() error {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	ctx := grpcx.WriteWorkerID(context.Background(), flagValue("id"))
	return harness.MainWithOptions(ctx, flagValue("logging_endpoint"), flagValue("control_endpoint"), harness.Options{})
}

// flagValue returns the value of one of Beam's flags.
func flagValue(name string) string { return flag.Lookup(name).Value.String() }
