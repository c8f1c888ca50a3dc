"""Writes executed notebooks as HTML pages, their figures as PNG files, and the index of their folder.

    export.py FOLDER/NAME.ipynb...

The pages need neither scripts nor a network: pictures are inside, formulas are MathML. Explorers are files beside
them, in frames.
"""

import base64
import contextlib
import fcntl
import glob
import hashlib
import html
import os
import re
import secrets
import shutil
import sys
from pathlib import Path

import nbformat
from latex2mathml import converter
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


def write(path, text):
    """Writes a file that is there completely or not at all."""
    made = path.with_name(f".{path.name}.part-{secrets.token_hex(8)}")
    try:
        with open(made, "x", encoding="utf-8") as file:
            file.write(text)
        os.replace(made, path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def alone(folder, name):
    """Keeps other launchers out of the folder, and removes what those that were killed have left of a notebook."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems have no such locks
            fcntl.flock(handle, fcntl.LOCK_EX)  # until it is closed
            for written in (f"{name}.ipynb", f"{name}.failed.ipynb", f"{name}.html", f"{name}_files", "index.html"):
                for left in folder.glob(f".{glob.escape(written)}.part-*"):
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield
    finally:
        os.close(handle)


def mathml(formula, display="inline"):
    """Returns a formula of LaTeX as MathML, which browsers draw by themselves."""
    text = converter.convert(formula, display=display).replace("&#x0007E;", "&#x0223C;")  # \sim is no tilde
    if found := re.search(r"\\\w+|&amp;", re.sub(r"<mtext>.*?</mtext>", "", text)):
        raise ValueError(f"latex2mathml does not know {html.unescape(found[0])} in the formula {' '.join(formula.split())}")
    return text


class Renderer(IPythonRenderer):
    """Renders Markdown as nbconvert does, but for the formulas, and for HTML, of which nbconvert closes each tag
    at once: <details> would hold nothing."""

    def block_html(self, html):
        return super().block_html(html) if "<img" in html else html + "\n"

    def inline_html(self, html):
        return super().inline_html(html) if "<img" in html else html

    def block_math(self, body):
        return mathml(body, "block")

    def inline_math(self, body):
        return mathml(body)

    def latex_environment(self, name, body):
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def markdown(source, **options):
    return MarkdownWithMath(renderer=Renderer(escape=False, **options)).render(source)


# A cell whose source is hidden is a solution, which the reader opens.
FOLDED = """{% block codecell %}
    {%- if cell.metadata.get('jupyter', {}).get('source_hidden') -%}
    <details class="solution"><summary>Solution</summary>{{ super() }}</details>
    {%- else -%}{{ super() }}{%- endif -%}
    {% endblock %}"""

# Formulas need a font that has their measures. What is too wide for the window scrolls by itself.
FORMULAS = """
    math { font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math; }
    p:has(> math), :is(ul, ol):has(> li > math) { overflow: auto hidden; }
    """
NARROW = f"<style>{FORMULAS}" + """
    .jp-InputArea-editor .highlight, .jp-OutputArea-output pre { overflow-x: auto; tab-size: 4; }
    .jp-OutputArea-output pre { white-space: pre; }
    .jp-RenderedHTML :is(td, th) { white-space: inherit; }
    .jp-RenderedMarkdown table { display: block; width: fit-content; max-width: 100%; overflow-x: auto; }
    .jp-MarkdownOutput :is(p, li) > code { overflow-wrap: anywhere; }
    summary { cursor: pointer; padding: 0.5em 0; font: 1rem system-ui, sans-serif; }
    </style>"""


class Page(HTMLExporter):
    """A notebook as a page without scripts."""

    raw_template = f"""{{% extends 'lab/index.html.j2' %}}
        {{% block html_head_js %}}{{% endblock %}}
        {{% block html_head_js_mathjax %}}{{% endblock %}}
        {{% block html_head_js_mermaidjs %}}{{% endblock %}}
        {{% block html_head_css %}}{NARROW}{{% endblock %}}
        {FOLDED}"""

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", lambda source: markdown(source, embed_images=True, anchor_link_text=self.anchor_link_text)


def figures(notebook):
    """Yields (file name, cell, PNG bytes) for each figure, named after its order and its cell."""
    number = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if png := output.get("data", {}).get("image/png"):
                number += 1
                yield f"{number:02}_{cell.id}.png", cell, base64.b64decode(png)


FRAME = re.compile(r'<iframe class="explorer" src="([^"]+)"')  # as package explorer writes it

NO_FRAME = """<p>The explorer of this run is not beside this page: once the notebook has run,
<code>go run ./notebooks explore runs/{run}</code> makes it.</p>"""


def take_explorers(notebook, path):
    """Lets the frames of explorers point into the folder of figures of a notebook at path, and returns the files that
    belong there, by name. A sentence stands for a frame whose file is not there."""
    files = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if found := FRAME.search(text := output.get("data", {}).get("text/html", "")):
                page = html.unescape(found[1])
                here = [folder / page for folder in (path.parent, Path(__file__).parent) if (folder / page).is_file()]
                if here:
                    files[f"{cell.id}.html"] = here[0]
                    output.data["text/html"] = text.replace(found[1], html.escape(f"{path.stem}_files/{cell.id}.html"))
                else:
                    output.data["text/html"] = NO_FRAME.format(run=html.escape(Path(page).parent.name))
    return files


def write_figures(notebook, folder, explorers):
    """Replaces the folder by one with the notebook's figures and explorers."""
    made = folder.with_name(f".{folder.name}.part-{secrets.token_hex(8)}")
    made.mkdir()
    try:
        (made / "new").mkdir()
        for name, _, png in figures(notebook):
            (made / "new" / name).write_bytes(png)
        for name, page in explorers.items():
            shutil.copyfile(page, made / "new" / name)
        if folder.exists():
            os.rename(folder, made / "old")
        os.rename(made / "new", folder)
    finally:
        shutil.rmtree(made)


TITLE = "<h1>CR-LSO: notebooks</h1>"  # only in an index that is made here

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CR-LSO: notebooks</title>
<style>
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #222; }}
article {{ display: grid; grid-template-columns: 18rem minmax(0, 1fr); gap: 1.5rem; padding: 1.5rem 0; border-top: 1px solid #ddd; }}
{formulas}
article img {{ width: 100%; max-height: 12rem; object-fit: contain; }}
h2 {{ margin: 0; font-size: 1.2rem; }}
a {{ color: #0b5394; text-decoration: none; }}
a:hover {{ text-decoration: underline; }}
small {{ color: #666; }}
@media (max-width: 40rem) {{ article {{ grid-template-columns: minmax(0, 1fr); }} }}
</style>
</head>
<body>
{title}
{entries}
</body>
</html>
"""

ENTRY = """<article>
<a href="{name}.html">{picture}</a>
<div>
<h2><a href="{name}.html">{title}</a></h2>
{claim}
<small>{name}, {scale} scale · <a href="{name}.ipynb">notebook</a></small>
</div>
</article>"""


def entry(path):
    """Returns what the index says of a notebook: its first heading, its first sentence, and the figure of the
    cell with the tag "picture", or else its first figure."""
    notebook = nbformat.read(path, as_version=4)
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title = re.search(r"^# +(.+)$", text, re.MULTILINE)
    claim = re.search(r"^(?!#|\||\s).+?[.?!](?=\s|\Z)", text, re.MULTILINE | re.DOTALL)
    pictures = [(not ("picture" in cell.metadata.get("tags", [])), name) for name, cell, _ in figures(notebook)]
    source = f"{path.stem}_files/{min(pictures)[1]}" if pictures else None
    return ENTRY.format(
        name=html.escape(path.stem),
        title=html.escape(title[1] if title else path.stem),
        claim=markdown(claim[0]) if claim else "",
        picture=f'<img src="{html.escape(source)}" alt="">' if source else "",
        scale=notebook.metadata.get("executed", {}).get("scale", "unknown"),
    )


def write_index(folder):
    """Lists the notebooks that have a page: first those without a number, then in order."""
    paths = [path for path in folder.glob("*.ipynb") if path.with_suffix(".html").exists()]
    paths.sort(key=lambda path: (path.stem[0].isdigit(), path.stem))
    write(folder / "index.html", INDEX.format(title=TITLE, formulas=FORMULAS, entries="\n".join(map(entry, paths))))


def digest(notebook):
    """Returns the SHA-256 of the code: the sources of the code cells, each ended by a zero byte."""
    code = hashlib.sha256()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            code.update(cell.source.encode() + b"\0")
    return code.hexdigest()


def written_here(path):
    """Says whether a notebook is as execute.py wrote it, with a digest of its code."""
    try:
        notebook = nbformat.read(path, as_version=4)
        return notebook.metadata["executed"]["code"] == digest(notebook)
    except Exception:  # it is not there, no notebook, or nobody's
        return False


def foreign(path, *others):
    """Returns a file or folder that is not of this program among those that export replaces for a notebook
    FOLDER/NAME.ipynb, and others; None if there is none. They are its own if the notebook is."""
    index = path.with_name("index.html")
    if index.exists() and TITLE not in index.read_text(encoding="utf-8", errors="replace"):
        return index
    if written_here(path):
        return None
    return next(filter(Path.exists, [*others, path.with_suffix(".html"), path.with_name(f"{path.stem}_files")]), None)


def export(path):
    """Writes what belongs to an executed notebook beside it. The caller keeps others out: see alone."""
    if found := foreign(path):
        sys.exit(f"{found} was not written by this program, or changed since: move it away")
    notebook = nbformat.read(path, as_version=4)
    explorers = take_explorers(notebook, path)
    page, _ = Page().from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    write(path.with_suffix(".html"), page)
    write_figures(notebook, path.with_name(f"{path.stem}_files"), explorers)
    write_index(path.parent)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        with alone(path.parent, path.stem):
            export(path)
