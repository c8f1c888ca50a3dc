package explorer

import (
	"context"
	"fmt"
	"html"
	"os"
	"path/filepath"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// File returns where the page of trained studies belongs: explorer.html in the folder of the first,
// or explorer-beside.html where others stand beside it.
func File(panels ...Panel) string {
	name := "explorer.html"
	if len(panels) > 1 {
		name = "explorer-beside.html"
	}
	return filepath.Join(panels[0].Study.Dir, name)
}

// Show writes the page of trained studies to its [File], and shows it below the notebook cell that
// calls it, in a frame. The frame works in JupyterLab; elsewhere the text beside it says which file
// to open.
func Show(ctx context.Context, title string, panels ...Panel) error {
	if len(panels) == 0 {
		return fmt.Errorf("explorer: there is no run to show")
	}
	path := File(panels...)
	if err := WriteFile(ctx, path, title, panels...); err != nil {
		return err
	}
	notebook, err := filepath.Abs(os.Getenv(protocol.GONB_DIR_ENV))
	if err == nil {
		path, err = filepath.Rel(notebook, path)
	}
	if err != nil {
		return fmt.Errorf("explorer: %w", err)
	}
	const frame = `<iframe class="explorer" src="%[1]s" title="%[2]s" loading="lazy" style="width: 100%%; height: 46rem; border: 0"></iframe>
<p><a href="%[1]s" target="_blank">%[2]s, by itself</a>: once this cell has run, %[1]s is a page that needs no network.</p>`
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  fmt.Sprintf(frame, html.EscapeString(filepath.ToSlash(path)), html.EscapeString(title)),
		protocol.MIMETextPlain: path,
	}})
	gonbui.Sync()
	return nil
}
