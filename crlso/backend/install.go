//go:build !noxla && cgo && linux

package backend

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

const (
	cpuPlugin  = "pjrt_c_api_cpu_plugin.so"
	cudaPlugin = installer.NVIDIAPJRTPluginFileName
)

// cpuWheel is the Python package that carries an XLA plugin for Linux on amd64 (Apache-2.0, built
// from jaxlib's XLA, PJRT 0.115). What it depends on is not needed.
var cpuWheel = source.Wheel{
	Name:    "lammps-jax-pjrt-cpu",
	Version: "0.11.2",
	SHA256:  "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
	Size:    62711338,
}

// cudaPackages are the Python packages that carry the CUDA plugin and NVIDIA's libraries that it
// needs, those of CUDA 13.0. GoMLX's own installer takes the latest of all, which nobody has tried
// together.
var cudaPackages = []string{
	"jax-cuda13-pjrt==0.11.2",
	"nvidia-cublas==13.1.0.3",
	"nvidia-cuda-crt==13.0.88",
	"nvidia-cuda-cupti==13.0.85",
	"nvidia-cuda-nvcc==13.0.88",
	"nvidia-cuda-nvrtc==13.0.88",
	"nvidia-cuda-runtime==13.0.96",
	"nvidia-cudnn-cu13==9.19.1.2",
	"nvidia-cufft==12.0.0.61",
	"nvidia-cusolver==12.0.9.81",
	"nvidia-cusparse==12.6.3.3",
	"nvidia-nccl-cu13==2.28.9",
	"nvidia-nvjitlink==13.0.88",
	"nvidia-nvshmem-cu13==3.4.5",
	"nvidia-nvvm==13.0.88",
}

// cpuPluginName matches the plugin in an archive of GoMLX's release, with or without a version.
var cpuPluginName = regexp.MustCompile(`(^|/)pjrt_c_api_cpu_(\S+_)?plugin\.so$`)

// lookupTimeout is how long GoMLX's release page may take to answer.
var lookupTimeout = 20 * time.Second

// PreparePlugin makes XLA's plugin ready below source.CacheDir, and returns its path. One that is
// there and whole is returned at once; a broken one is replaced.
//
// With an NVIDIA card it is the CUDA plugin, with NVIDIA's libraries, from Python packages (some
// GB); the CPU plugin is made ready beside it, for those who ask for it and for a card that does
// not work. Else, or if that fails, it is the CPU plugin: the release that this version of GoMLX
// was tested with, or, where that cannot be reached, the one in the Python package
// lammps-jax-pjrt-cpu. Progress goes to log.
func PreparePlugin(ctx context.Context, log io.Writer) (path string, err error) {
	if hasNVIDIA() {
		path, err := prepare(ctx, filepath.Join("nvidia", cudaPlugin), installCUDA, log)
		switch {
		case err == nil:
			if _, err := PrepareCPUPlugin(ctx, log); err != nil {
				fmt.Fprintf(log, "%v; going on without the CPU plugin\n", err)
			}
			return path, nil
		case ctx.Err() != nil:
			return "", err
		}
		fmt.Fprintf(log, "%v; going on with the CPU plugin\n", err)
	}
	return PrepareCPUPlugin(ctx, log)
}

// PrepareCPUPlugin is PreparePlugin for the CPU, whatever card the machine has.
func PrepareCPUPlugin(ctx context.Context, log io.Writer) (path string, err error) {
	return prepare(ctx, cpuPlugin, installCPU, log)
}

// An install function puts a plugin at path. If it fails, there is no file at path.
type install func(ctx context.Context, path string, log io.Writer) error

// prepare installs the plugin name below source.CacheDir, unless it is there and whole. One process
// at a time does so.
func prepare(ctx context.Context, name string, install install, log io.Writer) (string, error) {
	cache, err := source.CacheDir()
	if err != nil {
		return "", fmt.Errorf("prepare XLA: %w", err)
	}
	lib := filepath.Join(cache, "xla")
	path := filepath.Join(lib, "go-xla", name)
	if checkPlugin(path) == nil {
		return path, nil
	}
	fmt.Fprintf(log, "preparing XLA's plugin %s\n", path)
	unlock, err := source.Lock(ctx, filepath.Join(lib, ".lock"))
	if err != nil {
		return "", fmt.Errorf("prepare XLA: %w", err)
	}
	defer unlock()
	switch err := checkPlugin(path); {
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist):
		if _, unmarked := os.Stat(path + sumSuffix); unmarked != nil {
			return "", fmt.Errorf("prepare XLA: %s is broken: %w; it was put there by hand, and stays as it is: delete it, and run again", path, err)
		}
		fmt.Fprintf(log, "replacing the one that is there: %v\n", err)
		os.Remove(path)
		os.Remove(path + sumSuffix)
	}
	if err := install(ctx, path, log); err != nil {
		return "", fmt.Errorf("prepare XLA: %w", oneLine(err))
	}
	if err := checkPlugin(path); err != nil {
		return "", fmt.Errorf("prepare XLA: the plugin that was installed as %s is broken: %w", path, err)
	}
	env := append(os.Environ(), tryVar+"=1", compute.ConfigEnvVar+"=xla:"+path, flagsVar+"=")
	if why := startAgain(ctx, env); why != "" {
		os.Remove(path)
		return "", fmt.Errorf("prepare XLA: the plugin that was installed as %s ends the process that opens it (%s), and was removed", path, why)
	}
	return path, nil
}

// installCUDA puts the plugin into a folder with the packages' libraries, where it looks for them
// by its own place.
func installCUDA(ctx context.Context, path string, log io.Writer) error {
	folder := filepath.Dir(path)
	if err := source.RemoveFolder(folder); err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(folder), ".pip-nvidia")
	if err := source.MakeFolder(temp); err != nil {
		return err
	}
	defer source.RemoveFolder(temp)
	if err := source.PipTarget(ctx, cudaPackages, temp, log); err != nil {
		return err
	}
	libraries := filepath.Join(temp, "nvidia")
	packaged := filepath.Join(temp, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so")
	if err := os.Rename(packaged, filepath.Join(libraries, filepath.Base(path))); err != nil {
		return err
	}
	bin := filepath.Join(libraries, "bin") // where XLA looks for NVIDIA's assembler
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join("..", "cu13", "bin", "ptxas"), filepath.Join(bin, "ptxas")); err != nil {
		return err
	}
	if err := source.MarkFolder(libraries); err != nil {
		return err
	}
	return os.Rename(libraries, folder)
}

func installCPU(ctx context.Context, path string, log io.Writer) error {
	released := installReleased(ctx, path, log)
	if released == nil || ctx.Err() != nil {
		return released
	}
	fmt.Fprintf(log, "cannot download GoMLX's plugin release (%v); using the Python package %s\n", oneLine(released), cpuWheel.Name)
	if err := installWheel(ctx, path, log); err != nil {
		return fmt.Errorf("%w; and GoMLX's plugin release cannot be downloaded: %w", err, released)
	}
	return nil
}

// installReleased takes the plugin from the release of GoMLX's CPU binaries that this version of
// go-xla was tested with. GoMLX's own installer would download it to $HOME and without a time-out.
func installReleased(ctx context.Context, path string, log io.Writer) error {
	lookup, cancel := context.WithTimeoutCause(ctx, lookupTimeout, fmt.Errorf("no answer within %v", lookupTimeout))
	defer cancel()
	address, err := abandonable(lookup, func() (string, error) {
		return installer.CPUGetDownloadURL(runtime.GOOS+"_"+runtime.GOARCH, pjrt.DefaultCPUVersion)
	})
	if refused := (*url.Error)(nil); errors.As(err, &refused) {
		err = refused.Err // without the address, which go-xla gives twice
	}
	if err != nil {
		return fmt.Errorf("look up release %s: %w", pjrt.DefaultCPUVersion, err)
	}
	file := source.File{Name: "pjrt_cpu_" + pjrt.DefaultCPUVersion + ".tar.gz", URL: address}
	archive, err := source.Fetch(ctx, file, filepath.Dir(path), log)
	if err != nil {
		return err
	}
	err = extractTar(archive, path)
	if err != nil {
		os.Remove(archive) // the publisher gives no checksum: this is where a bad download is noticed
	}
	return err
}

func extractTar(archive, plugin string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		switch {
		case err == io.EOF:
			return fmt.Errorf("%s holds no plugin", archive)
		case err != nil:
			return fmt.Errorf("%s: %w", archive, err)
		case header.Typeflag != tar.TypeReg || !cpuPluginName.MatchString(header.Name):
			continue
		}
		return extract(plugin, func(w io.Writer) error {
			if _, err := io.Copy(w, files); err != nil {
				return err
			}
			_, err := io.Copy(io.Discard, unzipped) // gzip's checksum comes last
			return err
		})
	}
}

func installWheel(ctx context.Context, plugin string, log io.Writer) error {
	wheel, err := source.FetchWheel(ctx, cpuWheel, filepath.Dir(plugin), log)
	if err != nil {
		return err
	}
	files, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("%s: %w", wheel, err)
	}
	defer files.Close()
	file, err := files.Open("lammps_jax_pjrt_cpu/" + cpuPlugin)
	if err != nil {
		return fmt.Errorf("%s: %w", wheel, err)
	}
	defer file.Close()
	return extract(plugin, func(w io.Writer) error {
		_, err := io.Copy(w, file)
		return err
	})
}

// sumSuffix ends the name of the file beside a plugin that holds its SHA-256, as sha256sum writes
// it.
const sumSuffix = ".sha256"

// extract makes the plugin out of what write writes, and its checksum. What is no plugin is
// removed.
func extract(plugin string, write func(io.Writer) error) error {
	sum := sha256.New()
	part := plugin + ".part"
	defer os.Remove(part) // of no effect once renamed
	err := source.WriteFile(part, func(w io.Writer) error { return write(io.MultiWriter(w, sum)) })
	if err != nil {
		return err
	}
	if err := checkLibrary(part); err != nil {
		return fmt.Errorf("what came as %s is broken: %w", plugin, err)
	}
	err = source.WriteFile(plugin+sumSuffix, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%x  %s\n", sum.Sum(nil), filepath.Base(plugin))
		return err
	})
	if err != nil {
		return err
	}
	return os.Rename(part, plugin)
}

// checkPlugin returns an error if the plugin at path is missing, wrapping fs.ErrNotExist, or does
// not look like one, or is not what was extracted.
func checkPlugin(path string) error {
	if err := checkLibrary(path); err != nil {
		return err
	}
	want, err := os.ReadFile(path + sumSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // put there by hand, or by an installer that leaves no checksum
	} else if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); !strings.HasPrefix(string(want), got) {
		return fmt.Errorf("its SHA-256 is %s and should be %s", got, strings.TrimSpace(string(want)))
	}
	return nil
}

// abandonable returns what f returns, or the cause of ctx's end if that comes first: f then runs
// on, and its result is lost.
func abandonable[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
