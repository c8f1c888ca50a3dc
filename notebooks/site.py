"""Makes a static site of the project: its READMEs, the executed notebooks, explorers, and the sources that they link to.

    site.py FOLDER RUN/explorer.html...

The text of the pages is rendered by export.py. Sphinx with the theme Furo puts navigation, search and light and
dark around it: both are kept up, need nothing but Python, fetch nothing, and keep the index of the search in a
script, so that it works from a file as from any server. (Material for MkDocs calls itself inactive; Jupyter Book 2
needs Node.js.)
"""

import base64
import html
import io
import os
import re
import shutil
import struct
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup
from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import guess_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.parsers import Parser
from sphinx.util.console import nocolor

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
from export import FOLDED, FORMULAS, Page, markdown, take_explorers
from links import dead

REFERENCE = ["crlso/README.md", "datasets/README.md", "notebooks/best-practice.md", "CHANGELOG.md", ".github/CONTRIBUTING.md"]
LONGEST = 1 << 18  # bytes of a source that gets a page


class Body(Page):
    """A notebook as what stands between <body> and </body>, whose headings are not inside of anything."""

    exclude_input_prompt = exclude_output_prompt = True
    raw_template = f"""{{% extends 'basic/index.html.j2' %}}
        {{% block markdowncell %}}{{{{ cell.source | markdown2html }}}}{{% endblock %}}
        {FOLDED}"""


def notebooks():
    """Returns the paths of the notebooks in the order in which their README names them."""
    order = (HERE / "README.md").read_text(encoding="utf-8")
    found = {path: order.find(f"`{path.stem}`") for path in HERE.glob("*.ipynb")}
    return sorted(found, key=lambda path: (found[path] < 0, found[path], path.stem))


def document(path):
    """Returns what Sphinx calls the page of a file or folder of the project, its address without .html."""
    if path.is_dir():
        path /= "index"
    if path.suffix in (".md", ".ipynb"):
        path = path.with_suffix("")
    name = "/".join(part.lstrip(".") for part in path.relative_to(ROOT).parts)
    return "index" if name == "README" else name


def is_text(path):
    """Says whether a file is one that people read."""
    if path.stat().st_size > LONGEST:
        return False
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Site:
    """Writes the pages that Sphinx reads into the folder source, and what it need not see into target."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.known, self.waiting = set(), []
        self.notebooks = {path.stem: path for path in notebooks()}

    def page(self, path):
        """Returns the name of the page of a file or folder, which write_all makes."""
        if (path / "README.md").exists():
            path /= "README.md"
        if path not in self.known:
            self.known.add(path)
            self.waiting.append(path)
        return document(path)

    def write_all(self):
        """Writes the pages that are waiting, and those that they lead to."""
        while self.waiting:
            path = self.waiting.pop()
            try:
                self.write(path)
            except Exception as error:
                sys.exit(f"{path.relative_to(ROOT)}: {type(error).__name__}: {error}")

    def write(self, path):
        if path.suffix == ".md":
            self.write_text(path, markdown(path.read_text(encoding="utf-8")))
        elif path.suffix == ".ipynb":
            self.write_notebook(path)
        elif path.is_dir():
            self.write_folder(path)
        else:
            self.write_source(path)

    def write_text(self, path, body):
        self.write_page(document(path), str(self.tidy(BeautifulSoup(body, "html.parser"), path)))

    def write_page(self, name, body, kind="page"):
        file = self.source / f"{name}.{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")

    def write_notebook(self, path):
        notebook = nbformat.read(path, as_version=4)
        explorers = take_explorers(notebook, path)
        body, _ = Body().from_notebook_node(notebook)
        soup = self.tidy(BeautifulSoup(body, "html.parser"), path)
        folder = self.target / path.relative_to(ROOT).with_name(f"{path.stem}_files")
        for name, page in explorers.items():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(page, folder / name)
        for number, image in enumerate(soup("img", src=re.compile("^data:image/png;base64,")), 1):
            png = base64.b64decode(image["src"].partition(",")[2])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:02}.png").write_bytes(png)
            width, height = struct.unpack(">II", png[16:24])
            image.attrs.update(src=f"{folder.name}/{number:02}.png", alt=f"Figure {number}", width=width, height=height, loading="lazy")
        shutil.copy(path, self.target / path.relative_to(ROOT))
        scale = notebook.metadata.get("executed", {}).get("scale")
        executed = f", executed at {scale} scale" if scale else ""
        note = f'<p class="executed"><a href="{path.name}" download>{path.name}</a>{executed}</p>'
        soup.h1.insert_after(BeautifulSoup(note, "html.parser"))
        self.write_page(document(path), str(soup))

    def write_source(self, path):
        text = path.read_text(encoding="utf-8")
        try:
            lexer = guess_lexer_for_filename(path.name, text)
            body = highlight(text, lexer, HtmlFormatter())
        except ClassNotFound:
            body = f"<pre>{html.escape(text)}</pre>"
        self.write_page(document(path), body, "source")

    def write_folder(self, path):
        """Writes a page that lists the files of a folder, and links those that people read."""
        entries = []
        for entry in sorted(path.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
            if entry.name.startswith((".", "__")):
                continue
            text = html.escape(entry.name + "/" * entry.is_dir())
            if entry.is_dir() or is_text(entry):
                text = f'<a href="{quote(entry.name)}">{text}</a>'
            entries.append(f"<li>{text}</li>")
        soup = self.tidy(BeautifulSoup(f"<ul>{''.join(entries)}</ul>", "html.parser"), path / "index")
        self.write_page(document(path), str(soup), "source")

    def write_explorers(self, paths):
        """Writes the page Explorer, which shows the explorers of runs."""
        body = "<h1>Explorer</h1>"
        folder = self.target / "explorer"
        folder.mkdir()
        for path in map(Path, paths):
            name = f"{path.parent.name}-{path.name}"  # a run may have one with another beside it
            run, address = html.escape(path.parent.name), quote(name)
            shutil.copy(path, folder / name)
            body += f'<h2>{run}</h2><p>The same <a href="{address}">on a page of its own</a>.</p>' \
                f'<iframe src="{address}" title="Explorer of {run}" loading="lazy"></iframe>'
        if not paths:
            body += "<p>An explorer is a page on which one moves through the latent space of a run. None was there when this site was " \
                "made: <code>go run ./notebooks run quickstart</code> trains one, and <code>go run ./notebooks site</code> then " \
                "makes its explorer. <code>go run ./notebooks explore RUN</code> makes that of another run.</p>"
        self.write_text(ROOT / "explorer" / "index", body)

    def tidy(self, soup, path):
        """Makes links and pictures of a file of the project those of the site, links the names of notebooks, and
        lets wide tables scroll."""
        for link in soup("a", href=True):
            link["href"] = self.address(link["href"], path)
        for image in soup("img", src=True):
            image["src"] = self.address(image["src"], path, shown=True)
        for code in soup("code"):
            if code.parent.name == "pre":
                continue
            code["class"] = ["literal"]
            if (named := self.notebooks.get(code.get_text())) and named != path and not code.find_parent("a"):
                code.wrap(soup.new_tag("a", href=self.address(os.path.relpath(named, path.parent), path)))
        for table in soup("table"):
            table["class"] = ["docutils"]
            table.wrap(soup.new_tag("div", attrs={"class": ["table-wrapper"]}))
        return soup

    def address(self, link, path, shown=False):
        """Returns where a link of a file of the project leads on the site: to a page, or to a copy of what is shown
        or no text. One that leads nowhere stays, and is found by dead."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path:
            return link
        linked = Path(os.path.normpath(path.parent / unquote(parts.path)))
        if not linked.exists() or not linked.is_relative_to(ROOT):
            return link
        if not shown and (linked.is_dir() or is_text(linked) or linked.suffix == ".ipynb"):
            to = self.page(linked) + ".html"
        else:
            to = str(linked.relative_to(ROOT))
            (self.target / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(linked, self.target / to)
        return parts._replace(path=quote(os.path.relpath(to, os.path.dirname(document(path)) or "."))).geturl()


class PageParser(Parser):
    """Reads a page of HTML: a section for each heading, for the navigation, and what is between as it is."""

    supported = ("page",)

    def parse(self, text, document):
        self.ids = set()
        environment = document.settings.env
        name = environment.current_document.docname
        if environment.doc2path(name).suffix == ".source":
            environment.metadata[name]["nosearch"] = True
            section = self.section(re.sub("/index$", "/", name), [name.replace("/", "-")])
            section += nodes.raw("", text, format="html")
            document += section
            return
        opened = [(0, document)]  # sections that what follows is inside of, with their levels
        for child in BeautifulSoup(text, "html.parser").children:
            if level := re.fullmatch("h([1-6])", child.name or ""):
                while opened[-1][0] >= int(level[1]):
                    opened.pop()
                section = self.section_of(child)
                opened[-1][1].append(section)
                opened.append((int(level[1]) if len(opened) > 1 else 0, section))  # all is inside of the first
            elif str(child).strip():
                opened[-1][1].append(nodes.raw("", str(child), format="html"))
        if name == "index":
            document[0] += [navigation(caption, entries) for caption, entries in environment.config.navigation]

    def section(self, title, ids):
        section = nodes.section(ids=ids)
        section += nodes.title(title, title)
        return section

    def section_of(self, heading):
        """Returns a section that links find by the name that code hosts give it, and by that of Jupyter."""
        for anchor in heading("a", class_="anchor-link"):
            anchor.decompose()
        title = heading.get_text()
        slug = base = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        while slug in self.ids:
            number += 1
            slug = f"{base}-{number}"
        section = self.section(title, list(dict.fromkeys(filter(None, [slug, heading.get("id")]))))
        section[0].children = []
        for child in heading.children:
            text = child.get_text()
            section[0] += nodes.literal("", text) if child.name == "code" else nodes.Text(text)
        self.ids.update(section["ids"])
        return section


def navigation(caption, entries):
    """Returns a part of the list of pages beside each page: of labels, or None for a page's own title, and pages."""
    return addnodes.toctree(
        parent="index", entries=entries, includefiles=[page for _, page in entries], maxdepth=1, caption=caption, rawcaption=caption,
        glob=False, hidden=True, includehidden=False, numbered=0, titlesonly=True, reversed=False,
    )


def setup(sphinx):
    """Is what Sphinx calls of an extension, which this program is."""
    sphinx.add_source_parser(PageParser)
    sphinx.add_config_value("navigation", [], "env")


def build(source, target, parts):
    """Lets Sphinx make the pages in source a site. Raises its warnings as an error."""
    static = source / "_static"
    static.mkdir()
    (static / "site.css").write_text((HERE / "site.css").read_text(encoding="utf-8") + FORMULAS, encoding="utf-8")
    settings = {
        "extensions": [__name__, "sphinx.ext.githubpages"], "source_suffix": {".page": "page", ".source": "page"}, "project": "CR-LSO",
        "navigation": parts, "html_title": "CR-LSO", "html_theme": "furo", "html_static_path": ["_static"], "html_css_files": ["site.css"],
        "html_copy_source": False, "html_show_sourcelink": False, "html_show_copyright": False, "html_use_index": False,
        "suppress_warnings": ["toc.not_included"],  # sources
    }
    nocolor()
    warnings = io.StringIO()
    with TemporaryDirectory() as trees:
        sphinx = Sphinx(source, None, target, trees, "html", settings, status=None, warning=warnings)
        sphinx.build(force_all=True)
    (target / "_sources").rmdir()  # empty: there are none to show
    if warnings.getvalue():
        raise ValueError(warnings.getvalue())


def main(target, *explorers):
    target = Path(target)
    with TemporaryDirectory() as source:
        site = Site(Path(source), target)
        site.page(ROOT / "README.md")
        parts = [
            # Notebooks by the names by which the texts call them.
            ("Course", [(None, site.page(HERE / "README.md"))] + [(name, site.page(path)) for name, path in site.notebooks.items()]),
            ("Latent spaces", [(None, "explorer/index")]),
            ("Reference", [(None, site.page(ROOT / path)) for path in REFERENCE]),
        ]
        site.write_all()
        site.write_explorers(explorers)
        build(Path(source), target, parts)
    if found := list(dead(target)):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
