"""A file appears whole or not at all: written beside its place under another name, then moved there."""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dealias.errors import UserError


@contextmanager
def atomic(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path to write to, in the same folder; it becomes `path` at the end, and vanishes on an error.

    Raises:
        UserError: where the file exists and `overwrite` is not given, the folder is missing or closed to
            us, the path is no file, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _check_target(path, overwrite)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"{path}: {_complaint(error)}") from error
    finally:
        _remove(temporary)


def _check_target(path: Path, overwrite: bool) -> None:
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


def _complaint(error: OSError) -> str:
    text = error.strerror or str(error)
    in_text = re.search(r"(?:errno =|os error) (\d+)", text)
    number = int(in_text[1]) if in_text else error.errno
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "there is no space left on the disk; free some or write elsewhere"
    return f"cannot be written ({text}); check the disk and the folder's rights"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass
