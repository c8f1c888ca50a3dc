package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readProject returns the content of a file of the project.
func readProject(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// installScript is what makes a machine ready, in a container and in CI.
const installScript = ".devcontainer/install"

// TestElsewhere requires that containers and CI make a machine ready by the same script: as root,
// and as a user.
func TestElsewhere(t *testing.T) {
	dockerfile := readProject(t, ".binder/Dockerfile")
	system, user, staged := strings.Cut(dockerfile, "\nFROM system\n")
	if !staged || !strings.Contains(system, "RUN /tmp/install\n") || !strings.Contains(user, "RUN "+installScript+"\n") {
		t.Errorf(".binder/Dockerfile does not run %s as root in its stage system and as a user after it:\n%s", installScript, dockerfile)
	}
	var container struct {
		Build struct{ Dockerfile, Context, Target string }
		After string `json:"postCreateCommand"`
	}
	if err := json.Unmarshal([]byte(readProject(t, ".devcontainer/devcontainer.json")), &container); err != nil {
		t.Fatal(err)
	}
	if b := container.Build; b.Dockerfile != "../.binder/Dockerfile" || b.Context != ".." || b.Target != "system" || container.After != installScript {
		t.Errorf("devcontainer.json does not go from the stage system on by %s: %+v", installScript, container)
	}
	bare := readProject(t, ".ci/bare")
	for _, line := range []string{"in_root root /root " + installScript, "in_root user /home/user '" + installScript} {
		if !strings.Contains(bare, "\n"+line) {
			t.Errorf(".ci/bare does not call %q", line)
		}
	}
	if !strings.Contains(readProject(t, ".ci/run"), ".ci/bare") {
		t.Error(".ci/run does not call .ci/bare")
	}
}

// TestInstallScript requires that it installs what the README and the launcher's advice ask for,
// and leaves the version of Go to go.mod.
func TestInstallScript(t *testing.T) {
	script := readProject(t, installScript)
	words := strings.Fields(script)
	asked := regexp.MustCompile("`apt install ([^`]+)`").FindStringSubmatch(readProject(t, "README.md"))
	if asked == nil {
		t.Fatal("the README names no packages of Debian")
	}
	for _, name := range append(strings.Fields(asked[1]), "python3", "python3-venv", "golang-go") {
		if !slices.Contains(words, name) {
			t.Errorf("%s does not install %s", installScript, name)
		}
	}
	if found := regexp.MustCompile(`\bgo ?1\.\d+|golang-1|GOTOOLCHAIN`).FindString(script); found != "" {
		t.Errorf("%s says %q, but go.mod says which Go it is", installScript, found)
	}
	if !regexp.MustCompile(`(?m)^go 1\.\d+\.\d+$`).MatchString(readProject(t, "go.mod")) {
		t.Error("go.mod does not name an exact version of Go, which Debian's Go would get")
	}
}

// TestVersion requires that the newest version with notes is the one that is cited.
func TestVersion(t *testing.T) {
	noted := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$`).FindStringSubmatch(readProject(t, "CHANGELOG.md"))
	cited := regexp.MustCompile(`(?m)^version: (.+)$`).FindStringSubmatch(readProject(t, "CITATION.cff"))
	if noted == nil || cited == nil || noted[1] != cited[1] {
		t.Errorf("CHANGELOG.md has notes of %q, CITATION.cff cites %q", noted, cited)
	}
}
