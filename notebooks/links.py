"""Prints the dead links of a static site, one to a line, and fails if there are any.

    links.py FOLDER

A link is dead if it leads to no file of the folder, to a folder, or to no element of a page. So is what a page
would fetch from elsewhere to be shown: the site has to do without a network.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SHOWN = {"img", "script", "iframe", "source", "link"}  # elements whose files the browser fetches by itself


class Page(HTMLParser):
    """The links of a page, as (element, address), and what a link to it may name after a #."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append((tag, value))
            elif name == "id" or name == "name" and tag == "a":
                self.ids.add(value)


def fault(path, link, pages):
    """Returns what is wrong with a link of a page, or None."""
    element, address = link
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        inside = parts.scheme in ("data", "blob") or element not in SHOWN
        return None if inside else "would be fetched from the network"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return "leads nowhere" if not target.is_dir() else "leads to a folder"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
        return "names no element of the page"


def dead(folder):
    """Yields a line for each dead link of the pages in a folder."""
    folder = Path(folder).resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            if why := fault(path, link, pages):
                yield f"{path.relative_to(folder)}: {link[1]} {why}"


if __name__ == "__main__":
    found = list(dead(sys.argv[1]))
    print(*found, sep="\n")
    sys.exit(bool(found))
