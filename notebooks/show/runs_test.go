package show

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// makeProject makes a copy of the project, as far as Runs looks at it, and returns its folder.
func makeProject(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "a project")
	for path, content := range map[string]string{
		"go.mod":             "module github.com/cr-lso/cr-lso\n\ngo 1.26\n",
		"notebooks/mine/x":   "",
		"crlso/sweep/go.mod": "module github.com/cr-lso/cr-lso/crlso/sweep\n",
		"other/go.mod":       "module example.org/other\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestResultsOfANotebookGo(t *testing.T) {
	root, elsewhere := makeProject(t), t.TempDir()
	for _, test := range []struct{ name, notebook, variable, want string }{
		{"into the project", filepath.Join(root, "notebooks"), "", filepath.Join(root, "runs")},
		{"into the project, from its folder", root, "", filepath.Join(root, "runs")},
		{"into the project, from a copy in it", filepath.Join(root, "notebooks", "mine"), "", filepath.Join(root, "runs")},
		{"into the project, from a module in it", filepath.Join(root, "crlso", "sweep"), "", filepath.Join(root, "runs")},
		{"beside a copy elsewhere", elsewhere, "", filepath.Join(elsewhere, "runs")},
		{"where the variable says", filepath.Join(root, "notebooks"), elsewhere, elsewhere},
		{"where the variable says, seen from the notebook", elsewhere, "../r", filepath.Join(filepath.Dir(elsewhere), "r")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GONB_DIR", test.notebook)
			t.Setenv(runsVar, test.variable)
			if got, err := Runs(); got != test.want || err != nil {
				t.Errorf("%s, %v, want %s", got, err, test.want)
			}
		})
	}
}

// TestReadOnlyInstallation is one installation for a whole class: its folders cannot be written.
func TestReadOnlyInstallation(t *testing.T) {
	if os.Geteuid() == 0 {
		ordinaryUser(t)
		return
	}
	root, copied := makeProject(t), t.TempDir()
	for _, folder := range []string{root, filepath.Join(root, "notebooks")} {
		if err := os.Chmod(folder, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(folder, 0o755) })
	}
	t.Setenv(runsVar, "")
	t.Setenv("GONB_DIR", filepath.Join(root, "notebooks", "mine"))
	if got, err := Runs(); got != filepath.Join(root, "notebooks", "mine", "runs") || err != nil {
		t.Errorf("with a folder of one's own in the project: %s, %v", got, err)
	}
	t.Setenv("GONB_DIR", copied)
	if got, err := Runs(); got != filepath.Join(copied, "runs") || err != nil {
		t.Errorf("with a copy of the notebook: %s, %v", got, err)
	}
	t.Setenv("GONB_DIR", filepath.Join(root, "notebooks"))
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("CRLSO_CACHE", filepath.Join(root, ".cache"))
	if got, err := Runs(); got != filepath.Join(home, ".cache", "cr-lso", "runs") || err != nil {
		t.Errorf("with the notebook as it is: %s, %v", got, err)
	}
}

// ordinaryUser runs the test that calls it again as a user whom permissions bind.
func ordinaryUser(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "crlso-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const nobody = 65534
	content, err := os.ReadFile("/proc/self/exe")
	self := filepath.Join(dir, "test")
	if err == nil {
		err = os.WriteFile(self, content, 0o755)
	}
	if err == nil {
		err = os.Chown(dir, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("as an ordinary user: %v: %s", err, said)
	}
}
