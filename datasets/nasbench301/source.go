package nasbench301

import (
	"context"
	"fmt"
	"io"

	"github.com/cr-lso/cr-lso/datasets/source"
)

// archives are the official files by version. Their publisher gives no checksum; those that the
// archives hold of their content are checked.
//
// Source: nasbench301/model_downloader.py of automl/nasbench301.
var archives = map[string]source.File{
	"1.0": {Name: "nb_models_1.0.zip", URL: "https://ndownloader.figshare.com/files/24992018"},
	"0.9": {Name: "nb_models_0.9.zip", URL: "https://ndownloader.figshare.com/files/24693026"},
}

// Versions returns the versions of the surrogate, the latest first. Accuracies of different
// versions must not be compared.
func Versions() []string { return []string{"1.0", "0.9"} }

// Info is what a user may want to know of a source of accuracies.
type Info = source.Info

// Sources returns the official surrogates, each at its usual place.
func Sources() []Info {
	var infos []Info
	for _, version := range Versions() {
		infos = append(infos, Official(version))
	}
	return infos
}

// Official describes the official surrogate of a version, one of [Versions].
func Official(version string) Info {
	path := place(version)
	return Info{
		Name:    "NAS-Bench-301 models v" + version,
		Holds:   "an ensemble that predicts validation accuracy on CIFAR-10, with or without noise; no test accuracy",
		Path:    path,
		Present: source.Exists(path),
		Get:     fmt.Sprintf("fetched when it is first needed, or download %s to %s", archives[version].URL, path),
	}
}

// place returns where the models of a version are: an unpacked folder if there is one, else the
// archive.
func place(version string) string {
	if folder := cached("nb_models_" + version); source.Exists(folder) {
		return folder
	}
	return cached(archives[version].Name)
}

// fetch returns the place of the models, and gets them first if they are not there.
func fetch(ctx context.Context, version string, progress io.Writer) (string, error) {
	if path := place(version); source.Exists(path) {
		return path, nil
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	return source.Fetch(ctx, archives[version], dir, progress)
}

// cacheDir returns the folder for fetched files.
func cacheDir() (string, error) { return source.Folder("nasbench301") }

// cached returns the path of a file in cacheDir, or just its name if there is no cache.
func cached(name string) string { return source.Place("nasbench301", name) }
