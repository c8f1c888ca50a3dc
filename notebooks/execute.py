"""Executes one notebook and writes it with its outputs, and what export.py makes of it.

    execute.py NOTEBOOK.ipynb FOLDER [KERNEL_LOG]

Standard output shows the cells as they run. If a cell fails, what was executed goes to
FOLDER/NAME.failed.ipynb, standard error gets one line that says why, and the exit status is 1.
SIGINT and SIGTERM interrupt the running cell, which counts as a failure.
"""

import asyncio
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

sys.path.insert(0, str(Path(__file__).parent))
from export import alone, digest, export, foreign, write

# GoNB reports these on the cell's standard error only, and goes on.
UNKNOWN_COMMAND = re.compile(r'"(%\S*)" unknown or not implemented')
SHELL_LINE = re.compile(r"^(//gonb:)?(!|%%(bash|sh|script)\b)", re.MULTILINE)
EXIT_STATUS = re.compile(r"(exit status \d+|signal: .+)$", re.MULTILINE)

COMPILE_ERROR = re.compile(r"^\S*\.go:\d+:\d+: (.+)$", re.MULTILINE)
PANIC = re.compile(r"^(?:panic|fatal error): .+$", re.MULTILINE)
CELL_LINE = re.compile(r"Cell ?\[\d+\]:? Line (\d+)")
TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Failure(Exception):
    """One line for the user."""


class Console:
    """Shows one cell at a time: its title, what it prints indented below, and how long it took."""

    indent = " " * 8
    redraw = 0.1 if sys.stdout.isatty() else 10  # seconds between two states of a progress bar

    def start(self, title):
        self.title, self.began, self.drawn = title, time.monotonic(), 0.0
        self.line, self.quiet, self.unended = "", True, False
        self.write(title + " ...")

    def show(self, text):
        """Shows printed text. A line that a carriage return overwrites is a progress bar's."""
        for part in re.split(r"(\n|\r)", TERMINAL_CODE.sub("", text)):
            if part == "\n":
                self.draw(end="\n")
                self.line = ""
            elif part == "\r":
                if time.monotonic() - self.drawn > self.redraw:
                    self.draw(end="" if sys.stdout.isatty() else "\n")
                self.line = ""
            else:
                self.line += part

    def draw(self, end):
        if not self.line.strip():
            return
        if self.quiet:
            self.write("\n")
            self.quiet = False
        text = self.indent + self.line.rstrip()
        if sys.stdout.isatty():
            if end != "\n":  # a state of a progress bar, which the next one overwrites
                text = text[: shutil.get_terminal_size().columns - 1]
            text = "\r\x1b[K" + text
        self.write(text + end)
        self.drawn, self.unended = time.monotonic(), end != "\n"

    def tick(self):
        """Shows on a terminal how long a cell that prints nothing has been running."""
        if self.quiet and sys.stdout.isatty():
            self.write(f"\r{self.title} ... {time.monotonic() - self.began:.0f}s")

    def finish(self):
        self.draw(end="\n")
        seconds = f"{time.monotonic() - self.began:.1f}s"
        if self.unended:
            self.write("\n")
        if not self.quiet:
            self.write(f"{self.indent}{seconds}\n")
        elif sys.stdout.isatty():
            self.write(f"\r\x1b[K{self.title} ... {seconds}\n")
        else:
            self.write(f" {seconds}\n")

    def write(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()


class Client(NotebookClient):
    """A notebook client that shows on the console what the cells print."""

    console = Console()

    def output(self, outs, msg, display_id, cell_index):
        if msg["msg_type"] == "stream":
            self.console.show(msg["content"]["text"])
        elif msg["msg_type"] == "display_data" and "text/html" in msg["content"]["data"]:
            self.console.show(msg["content"]["data"].get("text/plain", ""))  # a table
        return super().output(outs, msg, display_id, cell_index)


def titles(notebook):
    """Yields (cell, title) for each code cell: its leading comment, else the heading above it."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for found in re.finditer(r"^#+ +(.+)$", cell.source, re.MULTILINE):
                heading = found[1]
        elif cell.cell_type == "code" and cell.source.strip():
            first = cell.source.strip().splitlines()[0]
            of_declaration = re.match(r"(//.*\n)+(func|type|var|const)\b", cell.source.strip())
            comment = None if of_declaration else re.match(r"// *(?!gonb:)(.+)", first)
            yield cell, comment[1] if comment else heading or first


def printed(cell, stream):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == stream)


def silent_failure(cell):
    """Returns why a cell failed that GoNB counts as passed, or None."""
    said = printed(cell, "stderr")
    if unknown := UNKNOWN_COMMAND.search(said):
        return f"unknown command {unknown[1]}"
    if SHELL_LINE.search(cell.source) and (status := EXIT_STATUS.search(said)):
        before = said[: status.start()].strip().splitlines()
        return f"shell command failed with {status[1]}" + (f": {before[-1]}" if before else "")
    return None


def unsolved(cell):
    """Returns why a cell with the tag "solution" solves no exercise, or None."""
    said = printed(cell, "stdout")
    if "solution" not in cell.metadata.get("tags", []) or re.search(r"^Exercise \S+: solved\.$", said, re.MULTILINE):
        return None
    checked = re.search(r"^Exercise .+$", said, re.MULTILINE)
    return "the solution does not solve its exercise: " + (checked[0] if checked else "it calls no checker of package exercise")


def reason(cell, error):
    """Returns in one line why the kernel failed a cell."""
    said = TERMINAL_CODE.sub("", printed(cell, "stderr"))
    line = CELL_LINE.search(said + error.traceback)
    where = f"line {line[1]}: " if line else ""
    if panic := PANIC.search(said):
        return where + panic[0]
    if compiler := COMPILE_ERROR.search(error.evalue):
        return where + compiler[1]
    lines = [l.strip() for l in EXIT_STATUS.sub("", said).splitlines() if l.strip()]
    return ": ".join([error.evalue.strip().splitlines()[0]] + lines[-1:])


def refusal(log):
    """Returns why startkernel did not start the kernel, if it said so in the log."""
    said = re.findall(r"^startkernel: (.+)", Path(log[0]).read_text(errors="replace"), re.MULTILINE) if log else []
    return said[-1] if said else None


async def execute(notebook, name, folder, log):
    """Executes the cells in place, in the given folder. Raises Failure."""
    client = Client(notebook, kernel_name="crlso", timeout=None, coalesce_streams=True, record_timing=False)
    loop = asyncio.get_running_loop()
    tasks = set()  # that run beside the cells
    interrupted = asyncio.Event()

    async def interrupt():
        # A cell that is still being compiled has no process to interrupt: ask until it has ended.
        while True:
            await client.km.interrupt_kernel()
            await asyncio.sleep(0.5)

    def on_signal():
        if not interrupted.is_set():
            interrupted.set()
            tasks.add(loop.create_task(interrupt()))

    async def tick():
        while True:
            await asyncio.sleep(1)
            client.console.tick()

    async with client.async_setup_kernel(cwd=str(folder), stdout=log, stderr=log):
        loop.add_signal_handler(signal.SIGINT, on_signal)
        loop.add_signal_handler(signal.SIGTERM, on_signal)
        tasks.add(loop.create_task(tick()))
        try:
            cells = list(titles(notebook))
            for number, (cell, title) in enumerate(cells, 1):
                client.console.start(f"[{number}/{len(cells)}] {title}")
                why = await execute_cell(client, cell, number)
                client.console.finish()
                if interrupted.is_set():
                    why = "interrupted"
                if why:
                    raise Failure(f"{name}, cell {number} of {len(cells)} ({title}): {why}")
        finally:
            for task in tasks:
                task.cancel()


async def execute_cell(client, cell, number):
    """Executes a cell in place. Returns why it failed, or None."""
    try:
        await client.async_execute_cell(cell, client.nb.cells.index(cell), execution_count=number)
        return silent_failure(cell) or unsolved(cell)
    except CellExecutionError as error:
        return reason(cell, error)
    except DeadKernelError:
        return "the kernel died; is there enough memory?"


def tidy(notebook, root):
    """Makes paths in the outputs relative to the project, and removes what a progress bar that
    wiped itself out leaves behind."""
    path = re.compile(rf"(?<![\w./-]){re.escape(str(root))}(/|(?![\w.-]))")

    def relative(text):
        return path.sub(lambda found: "" if found[1] else ".", text)

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = relative(re.sub(r"[ \t]*\r\Z", "", output.text))
            elif text := output.get("data", {}).get("text/plain"):
                output.data["text/plain"] = relative(text)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("text") != ""]


def main(source, target, log=os.devnull):
    source, target = Path(source).resolve(), Path(target)
    name, began = source.stem, time.time()
    executed = target / f"{name}.ipynb"
    if executed.exists() and executed.samefile(source):
        raise Failure(f"{executed} is the notebook itself, and would be replaced: choose another folder with -o")
    if found := foreign(executed, executed):
        raise Failure(f"{found} was not written by this program, or changed since: move it away, or choose another folder with -o")
    os.environ["JPY_SESSION_NAME"] = str(source)  # as Jupyter's server does, so that a lock can name the notebook
    notebook = nbformat.read(source, as_version=4)
    notebook.metadata["language_info"] = {  # GoNB's own names no lexer for the colours in HTML
        "name": "go", "file_extension": ".go", "mimetype": "text/x-go", "pygments_lexer": "go",
    }
    notebook.metadata.pop("executed", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    target.mkdir(parents=True, exist_ok=True)

    failed = target / f"{name}.failed.ipynb"
    try:
        with open(log, "ab") as kernel_log:
            asyncio.run(execute(notebook, source.name, source.parent, kernel_log))
    except BaseException:
        tidy(notebook, Path.cwd())
        with alone(target, name):
            write(failed, nbformat.writes(notebook) + "\n")
        raise
    notebook.metadata["executed"] = {"code": digest(notebook), "scale": os.environ["CRLSO_SCALE"]}
    tidy(notebook, Path.cwd())
    with alone(target, name):
        write(executed, nbformat.writes(notebook) + "\n")
        if failed.exists() and failed.stat().st_mtime < began:  # else it is another launcher's, which failed meanwhile
            failed.unlink()
        export(executed)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(str(failure))
    except Exception as error:
        why = refusal(sys.argv[3:]) or f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
        sys.exit(f"{Path(sys.argv[1]).name}: {why}")
