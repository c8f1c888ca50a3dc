"""Prints the first fault of installed Python packages, or nothing.

    check.py FOLDER NAME==VERSION... [MODULE...]

Each package must be in FOLDER (or, if that is empty, where Python looks), with all its files, and each
module must import.
"""

import csv
import importlib
import os
import sys
from importlib.metadata import distributions


def fault(pin, path):
    name, version = pin.split("==")
    package = next(iter(distributions(name=name, path=path)), None)
    if package is None:
        return f"{pin} is missing"
    if package.version != version:
        return f"{name} {package.version} is there, and should be {version}"
    for file, _, size in csv.reader((package.read_text("RECORD") or "").splitlines()):
        if size and not file.startswith(".."):
            file = package.locate_file(file)
            if not os.path.exists(file):
                return f"{pin} lacks the file {file}"
            if os.path.getsize(file) != int(size):
                return f"{pin} has a damaged file {file}"


def broken(module):
    try:
        importlib.import_module(module)
    except BaseException as error:
        return f"{module} does not import: {error!r}"


folder, *wanted = sys.argv[1:]
path = [folder] if folder else sys.path
faults = (fault(w, path) if "==" in w else broken(w) for w in wanted)
print(next(filter(None, faults), ""))
