"""The house rules of DESIGN, kept by a machine."""

import ast
from pathlib import Path

import pytest

import dealias
from dealias import find

SOURCE = Path(dealias.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in FILES}

# low to high; a module imports only from its own layer or from below
LAYERS = [
    {"errors", "former_names", "allocator", "decisions", "numpy_bridge", "shapes", "header"}
    | {"linear_operator", "fft_order", "folds", "linear_phase", "root_sum_of_squares", "validation"}
    | {"kind", "centring_check"},
    {"operators"},
    {"problem", "acquisition", "notebook"},
    {
        "configured",
        "method",
        "prior",
        "find",
        "solvers",
        "networks",
        "coils",
        "soft_sense",
        "sampling",
        "noise",
        "hidden_samples",
        "configure",
        "testing",
    },
    {"methods", "priors", "phantoms", "files", "cards", "published"},
    {"preparation", "driver"},
    {"error_bar", "susceptibility"},
    {"training", "evaluation"},
    {"commands"},
    {"__main__", "__init__"},
]
# rooms of one layer that do not see each other
APART = {"files": {"methods", "cards"}, "phantoms": {"methods", "files", "cards"}, "methods": {"files"}}
INSTANT = ("commands", "__main__", "__init__", "find", "errors")
SLOW = {"torch", "numpy", "scipy", "matplotlib", "h5py", "lightning", "tqdm", "safetensors"}


def room(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def layer(name):
    return next(number for number, rooms in enumerate(LAYERS) if name in rooms)


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def imports(tree, top_only=False):
    """The dealias rooms that a module imports, and the names of the other packages."""
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "dealias":
                yield from (f"dealias.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_can_be_read_in_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 300
    for function in functions(TREES[path]):
        length = function.end_lineno - function.lineno + 1
        assert length < 60, f"{function.name} has {length} lines"
        arguments = function.args
        given = [a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
        # the signature of a command is its options, that of a method's constructor its configuration
        if (room(path), function.name) not in {("commands", "run"), ("methods", "__init__")}:
            assert len(set(given) - {"self", "cls"}) <= 8, function.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_everything_is_typed(path):
    for function in functions(TREES[path]):
        arguments = function.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        untyped = [a.arg for a in given if a.annotation is None and a.arg not in ("self", "cls")]
        assert not untyped, f"{function.name}: {untyped}"
        assert function.returns is not None, function.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_arrows_point_one_way(path):
    here = room(path)
    for name in imports(TREES[path]):
        if not name.startswith("dealias."):
            continue
        there = name.split(".")[1]
        if there in ("__version__", "UserError"):
            continue
        lazily = here in ("find", "cards", "commands")  # they import by name what a user chose
        assert lazily or layer(there) <= layer(here), f"{here} imports {there}"
        assert there not in APART.get(here, ()), f"{here} imports {there}"


@pytest.mark.parametrize("path", [p for p in FILES if room(p) in INSTANT])
def test_help_is_instant(path):
    slow = {name for name in imports(TREES[path], top_only=True) if name.split(".")[0] in SLOW - {"tqdm"}}
    assert not slow


def test_no_public_name_is_a_module_of_the_house():
    modules = {path.stem for path in SOURCE.glob("*.py")} | {path.name for path in SOURCE.iterdir() if path.is_dir()}
    from dealias import _HOMES

    assert not modules & _HOMES.keys()


@pytest.mark.parametrize("name", find.names("methods"))
def test_a_method_says_what_it_computes_and_where_that_is_from(name):
    text = ast.get_docstring(TREES[SOURCE / "methods" / f"{name}.py"])
    assert "| http" in text, "cite the source with its address"
    assert "(" in text and ")" in text


def test_no_absolute_epsilons():
    """1e-8 added to a denominator drowns k-space of order 1e-6."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                for side in (node.left, node.right):
                    small = isinstance(side, ast.Constant) and isinstance(side.value, float) and 0 < side.value < 1e-5
                    assert not small, f"{path.name}:{node.lineno}"


def test_lightning_lives_in_one_file():
    users = [path.name for path, tree in TREES.items() if any(n.startswith("lightning") for n in imports(tree))]
    assert users == ["module.py"]
