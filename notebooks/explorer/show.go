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

// Show writes the page of trained studies to explorer.html in the folder of the first, and shows it
// below the notebook cell that calls it, in a frame. The frame works in JupyterLab; elsewhere the
// text beside it says which file to open.
func Show(ctx context.Context, title string, panels ...Panel) error {
	if len(panels) == 0 {
		return fmt.Errorf("explorer: there is no run to show")
	}
	path := filepath.Join(panels[0].Study.Dir, "explorer.html")
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
