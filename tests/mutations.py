"""Alter one comparison, sign or constant in a file's functions at a time, and print what no test notices.

    python tests/mutations.py reproductions/spread.py src/dealias/evaluation/metrics.py

Tests are called as functions in this process, the quick ones first, and only those that reach the altered line. Those
that are slow, or want fixtures beyond the few below, are left out: what is printed is a question, not a proof.
"""

import argparse
import ast
import copy
import importlib.util
import inspect
import re
import signal
import sys
import tempfile
import time
from importlib.abc import Loader, MetaPathFinder
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "dealias"
OPPOSITE = [(ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)]
OPPOSITE += [(ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.And, ast.Or)]
OPPOSITE = dict(OPPOSITE) | {b: a for a, b in OPPOSITE}
UNTESTED = {"main", "drawn", "learning", "described", "save", "similarity", "row"}  # pictures and words
UNCHECKED = {"untyped": None, "seeded": None}  # fixtures that are so in this process anyway
PATIENCE = 20.0  # seconds of the processor that a mutant has


def opposite(node):
    """Change a node to what says something else; return whether it could be."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPPOSITE:
        node.ops = [OPPOSITE[type(node.ops[0])]()]
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPPOSITE:
        node.op = OPPOSITE[type(node.op)]()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        node.operand = node.operand if isinstance(node.op, ast.UAdd) else ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = node.value
        node.value = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else 2 * value + 1
    else:
        return False
    return True


def places(tree):
    """Yield the nodes that compute: neither words nor pictures, nor what is said once above all functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.Module) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        words = isinstance(node, ast.JoinedStr) or getattr(node, "name", "") in UNTESTED
        if not words and getattr(node, "arg", "") != "strict":
            yield node
            yield from places(node)


def mutants(source):
    """Yield the number of a line, what it was, what it became, and the source with it."""
    tree = ast.parse(source)
    for number, node in enumerate(places(tree)):
        altered = copy.deepcopy(tree)
        other = next(some for k, some in enumerate(places(altered)) if k == number)
        before = ast.unparse(node) if isinstance(node, ast.expr) else ""
        if opposite(other):
            yield node.lineno, before, ast.unparse(other), ast.unparse(altered)


class Altered(MetaPathFinder, Loader):
    """Finds one module, whose source is given here."""

    def __init__(self, name, path):
        self.name, self.path, self.source = name, path, path.read_text()

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def exec_module(self, module):
        exec(compile(self.source, self.path, "exec"), module.__dict__)


def forget():
    """Forget what was imported from the pages, the tests, the evaluation and the training."""
    rooms = [ROOT / "reproductions", ROOT / "tests", *(PACKAGE / room for room in ("evaluation", "training"))]
    for name, module in [*sys.modules.items()]:
        if name != "__main__" and any(room in Path(getattr(module, "__file__", None) or "/").parents for room in rooms):
            del sys.modules[name]


def judges(path):
    """Return the files of tests of a file, and the word that those tests of it hold."""
    if path.parent.name == "reproductions":
        return [ROOT / "tests" / "test_reproductions.py", ROOT / "tests" / "test_papers.py"], path.stem
    room, *nested = path.relative_to(PACKAGE).with_suffix("").parts
    own = ROOT / "tests" / room / f"test_{nested[0]}.py"
    if own.exists():
        return [own], ""
    files = sorted((ROOT / "tests" / room).glob("test_*.py"))
    return [file for file in files if re.search(rf"\b{path.stem}\b", file.read_text())] or files, ""


def calls(file, word):
    """Yield a name and a function that runs it for every case of every test of a file."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    for name, test in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("test_") and word in inspect.getsource(test):
            marks = [mark.args for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
            for values in product(*(cases for _, cases, *_ in marks)):
                given = {}
                for (names, *_), value in zip(marks, values, strict=True):
                    names = names if isinstance(names, tuple | list) else [names]
                    given |= dict(zip(names, value if len(names) > 1 else [value], strict=True))
                yield f"{name}{[*values] or ''}", lambda test=test, given=given: called(module, test, given)


def called(module, function, given):
    """Call a function with fixtures, the test's own and pytest's."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        folders = SimpleNamespace(mktemp=lambda name: Path(tempfile.mkdtemp(dir=folder)))
        known = {"monkeypatch": patch, "tmp_path": Path(folder), "tmp_path_factory": folders, **UNCHECKED, **given}
        known.setdefault("generator", torch.Generator().manual_seed(0))

        def value(name):
            if name not in known:
                found = getattr(module, name)._get_wrapped_function()
                result = found(**{other: value(other) for other in inspect.signature(found).parameters})
                known[name] = next(result) if inspect.isgenerator(result) else result
            return known[name]

        if hasattr(module, "room"):
            value("room")
        function(**{name: value(name) for name in inspect.signature(function).parameters})


def reached(path, run):
    """Return how long a test took, and the lines of a file that it ran."""
    lines = set()

    def inside(frame, *_):
        lines.add(frame.f_lineno)
        return inside

    start = time.process_time()
    sys.settrace(lambda frame, *_: inside(frame) if frame.f_code.co_filename == str(path) else None)
    try:
        run()
    finally:
        sys.settrace(None)
    return time.process_time() - start, lines


def survives(chosen, word, files):
    """Return whether all chosen tests still pass."""
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        forget()
        found = {name: run for file in files for name, run in calls(file, word)}
        for name in chosen:
            found[name]()
    except (Exception, SystemExit, pytest.fail.Exception):
        return False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return True


def tried(path, slow):
    """Print what no test of a file notices, those left out that take more than `slow` seconds."""
    files, word = judges(path)
    inside = path.is_relative_to(PACKAGE)
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts) if inside else path.stem
    finder = Altered(name, path)
    sys.meta_path.insert(0, finder)
    forget()
    quick, left = [], 0
    for file in files:
        for title, run in calls(file, word):
            try:
                seconds, lines = reached(path, run)
            except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
                print(f"  left out: {title}: {error!r}"[:150])
                continue
            left += bool(lines) and seconds >= slow
            if lines and seconds < slow:
                quick.append((seconds, title, lines))
    count = survivors = 0
    for line, before, after, finder.source in mutants(path.read_text()):
        count += 1
        names = [title for _, title, lines in sorted(quick, key=lambda test: test[:2]) if line in lines]
        if survives(names or [title for _, title, _ in quick], word, files):  # a default is no line that runs
            survivors += 1
            print(f"  {path.name}:{line}: {before} -> {after}", flush=True)
    sys.meta_path.remove(finder)
    words = f"{survivors} survive {len(quick)} tests, {left} slower ones left out"
    print(f"{path.relative_to(ROOT)}: {count} mutants, {words}", flush=True)


def out_of_time(*_):
    raise TimeoutError("a mutant takes too long")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--slow", type=float, default=1.0, help="seconds of the processor of a test that is left out")
    signal.signal(signal.SIGPROF, out_of_time)
    torch.set_num_threads(1)
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "reproductions")]
    options = parser.parse_args()
    for file in options.files:
        tried(file.resolve(), options.slow)
