"""Which format a file has: a module of formats/, where the file name is its name, and nothing else lists it.

A module that can be read has `title`, `knows(start, path)` and `read(path, wanted)` for k-space or
`images(path)` for images; one that can be written has `extensions` and `write(path, value, header, attributes)`,
whose value is a stack of scans only where there is `read`, `magnitude_only` where it cannot hold complex images,
`check(shape)` where it cannot hold images of every shape, `parts(path)` where it takes several files to hold one
thing, `notes(path)` where it holds the attributes. With `names_arrays`, `write` takes as fifth argument what lies
beside an image, to hold it in the same file. Coil maps are given by `maps(path)`, a context in
which an index reads a part of them, and written by `write_maps(path, maps, attributes)`, a stack of them; a reader
with `whitens` takes those that are wanted itself.
`stack(path, wanted)` says which slices there are that can be read alone, and the bytes of one; of a file that is read
whole none, and the bytes of all. What patterns and noise scans are read from has `arrays(path)`: all that a file
holds, by name.
"""

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType

import dealias.files.formats
from dealias.errors import UserError
from dealias.files.results import results_among


def formats(needs: str) -> list[ModuleType]:
    """Return the modules of formats/ that have something of this name, sorted by file name."""
    names = sorted(module.name for module in pkgutil.iter_modules(dealias.files.formats.__path__))
    modules = [import_module(f"dealias.files.formats.{name}") for name in names]
    return [module for module in modules if hasattr(module, needs)]


def extension_of(path: Path) -> str:
    """Return the extension that says what a file becomes, `.nii.gz` whole; what follows the last dot if none does."""
    name = path.name.lower()
    known = [extension for module in formats("extensions") for extension in module.extensions]
    return max((extension for extension in known if name.endswith(extension)), key=len, default=path.suffix.lower())


def written(first: str, *, kspace: bool = False) -> list[str]:
    """Return what an output may be called, extensions without their dot, the wanted one first.

    Arguments:
        kspace: whether it is to hold k-space, which a format can that is also read.
    """
    modules = [module for module in formats("extensions") if not kspace or hasattr(module, "read")]
    names = [extension.removeprefix(".") for module in modules for extension in module.extensions]
    return sorted(names, key=lambda name: name != first)


def main_part(path: Path) -> Path:
    """Return the file that stands for several: of BART's `x.hdr` beside `x.cfl` the latter."""
    for module in formats("parts"):
        parts = module.parts(path)
        if path in parts and all(part.is_file() for part in parts):
            return Path(parts[0])
    return path


def renamed(path: Path, extension: str) -> Path:
    """Return the path with another extension: of `a.nii.gz` all, of `a.2.h5` the last."""
    return path.with_name(path.name[: len(path.name) - len(extension_of(path))] + extension)


def recognise(path: Path) -> ModuleType | None:
    """Return the format that knows the first bytes of an existing file.

    Raises:
        UserError: where the file is empty, cannot be read or is no ordinary one.
    """
    if not path.is_file():  # a pipe would be waited for, for ever
        raise UserError("is no ordinary file; copy what it gives into one")
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UserError("the file is empty; copy it again")
    return next((module for module in formats("knows") if module.knows(start, path)), None)


def files_below(folder: Path, needs: str = "knows") -> list[Path]:
    """Return the files below a folder whose format has something of this name, sorted; of a pair its main part.

    Hidden and empty files are passed over, and results of what the folder holds.
    """
    every = sorted(folder.rglob("*"))
    results = results_among(every, folder)
    found = [path for path in every if path.is_file() and not path.name.startswith(".")]
    found = [path for path in found if results.isdisjoint(path.parents)]
    known = []
    for path in dict.fromkeys(map(main_part, found)):
        with about(path):
            if path.stat().st_size and hasattr(recognise(path), needs):
                known.append(path)
    return known


def namesake(place: Path, name: str) -> Path:
    """Return the file itself, or the one below a folder that has this relative name, whatever its extension.

    Raises:
        UserError: where there is none, or several.
    """
    with about(place):
        place = check_exists(place)
        if not place.is_dir():
            return place
        wanted = place / renamed(Path(name), "")
        near = wanted.parent.iterdir() if wanted.parent.is_dir() else ()
        found = {main_part(path) for path in near if path.is_file() and renamed(path, "") == wanted}
        if len(found) == 1:
            return found.pop()
        if not found:
            raise UserError(f"holds no file called {wanted.name} as {name} is; name one file, or give the folder it")
        raise UserError(f"holds {' and '.join(sorted(path.name for path in found))} for {name}; remove one of them")


def check_exists(path: Path) -> Path:
    """Return a path where a file or folder lies, of BART's pairs by the name without extension, as its tools take it.

    Raises:
        UserError: where none lies there; it says what lies near it.
    """
    pair = path.with_name(f"{path.name}.cfl") if path.name else path
    if path.exists() or pair.is_file():
        return path if path.exists() else pair
    if not path.parent.is_dir():
        raise UserError(f"there is no folder {path.parent}; check the path")
    near = get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=1)
    raise UserError(f"does not exist; {f'did you mean {near[0]}?' if near else 'check the path'}")


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Put the path before what a reader complains of, and say likewise what the system refuses."""
    try:
        yield
    except UserError as error:
        raise type(error)(f"{path}: {error}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error}); check its rights") from error
    except MemoryError as error:
        raise UserError(f"{path}: does not fit into memory; open some of its slices only") from error
