"""A file appears whole or not at all: written beside its place under another name, then moved there."""

import errno
import os
import platform
import re
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dealias.errors import UserError

MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"
LONGEST, ROOM = 255, 35  # bytes of a name, on every common disk, and of what stands before it in the meantime
UNFINISHED = re.compile(rf"\.{MACHINE}\.(\d+)\.[0-9a-f]{{8}}\.part\.")


@contextmanager
def atomic(*paths: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """Yield a path to write to, in the same folder; it becomes `path` at the end, and vanishes on an error.

    Arguments:
        paths: the file, and those that belong to it; beside what is yielded, `.PREFIX.part.b.hdr` becomes
            `b.hdr`. The file itself comes last, when all that it needs is in place.

    Raises:
        UserError: where the file exists and `overwrite` is not given, the folder is missing or closed to
            us, the path is no file, or the disk is full.
    """
    prefix = f".{MACHINE}.{os.getpid()}.{secrets.token_hex(4)}.part."
    targets = {path.with_name(prefix + path.name): path for path in map(Path, paths)}  # extensions stay
    first = next(iter(targets))
    shown = targets[first].with_name(UNFINISHED.sub("", targets[first].name))  # the file may be a part of others
    try:
        for path in targets.values():
            check_target(path, overwrite)
        yield first
        if overwrite and len(targets) > 1:  # a new header never meets old data
            for path in targets.values():
                path.unlink(missing_ok=True)
        for temporary, path in reversed(targets.items()):
            _move(temporary, path, overwrite and len(targets) == 1)
    except FileExistsError as error:
        raise UserError(f"{shown}: exists since a moment ago; another process wrote it") from error
    except OSError as error:
        raise UserError(f"{shown}: {refusal(error)}") from error
    finally:
        for temporary in targets:
            _remove(temporary)


def sweep(folder: Path, *, deep: bool = False) -> None:
    """Remove what killed processes of this machine left of files that they were writing.

    Of files that belong together and of which some have their names already, these go too: a header without data.

    Arguments:
        deep: in the folders inside too.
    """
    if os.name != "posix" or not folder.is_dir():  # elsewhere there is no asking whether a process lives
        return
    together: dict[tuple[Path, str], list[Path]] = {}
    for path in (folder.rglob if deep else folder.glob)(f".{MACHINE}.*.part.*"):
        found = UNFINISHED.match(path.name)
        if found and not _lives(int(found[1])):
            together.setdefault((path.parent, found[0]), []).append(path)
    for (_, prefix), left in together.items():
        names = [path.with_name(path.name.removeprefix(prefix)) for path in left]
        there = [name for name, path in zip(names, left, strict=True) if _same(name, path)]
        for path in (*left, *(there if len(there) < len(left) else ())):
            _remove(path)


def refusal(error: OSError) -> str:
    """Return in words why the disk refuses, and what to do."""
    text = error.strerror or str(error)
    in_text = re.search(r"(?:errno =|os error) (\d+)", text)
    number = int(in_text[1]) if in_text else error.errno
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "there is no space left on the disk; free some or write elsewhere"
    return f"cannot be written ({text}); check the disk and the folder's rights"


def _move(temporary: Path, path: Path, overwrite: bool) -> None:
    """Give a finished file its name; without `overwrite` never over one that appeared meanwhile."""
    if not overwrite:
        try:
            os.link(temporary, path)
            return
        except FileExistsError:
            raise
        except (OSError, AttributeError, NotImplementedError):  # a file system without hard links
            pass
    os.replace(temporary, path)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def check_target(path: Path, overwrite: bool) -> None:
    """Raise where a file cannot be written: before hours of work, and once more when it is."""
    beyond = len(os.fsencode(path.name)) + ROOM - LONGEST
    if beyond > 0:
        raise UserError(f"{path}: the name is too long to be written safely; make it {beyond} bytes shorter")
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not an ordinary file; name another")
    if path.exists() and not overwrite:
        raise UserError(f"{path}: exists already; use --overwrite, or name another file")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"{path}: no right to write to {path.parent}; name another folder")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass
