"""The whole benchmark table in one command: every file of this folder, each in a process of its own.

python benchmarks [NAME ...]     # all of them, or those named; the table also goes to out/bench.md
"""

import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from _machine import describe, is_busy, refuse_if_busy
from _row import Row, rows_of
from dealias.files.atomic import atomic

HERE = Path(__file__).parent
COLUMNS = ("what", "unit", "ours", "peer", "ours against the peer", "floor", "ours above the floor", "note")


def cells(row: Row) -> tuple[str, ...]:
    """Return a row of the table."""
    peer = "" if row.peer is None else f"{row.peer_name} {row.peer:.4g}"
    floor = "" if row.floor is None else f"{row.floor_name} {row.floor:.4g}"
    return (row.what, row.unit, f"{row.ours:.4g}", peer, row.against_peer, floor, row.above_floor, row.note)


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    for line in (COLUMNS, ("---",) * len(COLUMNS), *map(cells, rows)):
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |"


def write(rows: list[Row], failed: list[str], busy: bool, *, unfinished: bool) -> Path:
    """Write the table of what was measured so far, and return where to."""
    text = [
        *table(rows),
        "",
        f"{date.today().isoformat()}, `{shlex.join(['python', 'benchmarks', *sys.argv[1:]])}`, {describe()}",
    ]
    text += ["Measured on a busy machine: only the ratios within a row mean something."] if busy else []
    text += [f"Failed: {', '.join(failed)}."] if failed else []
    text += ["Unfinished: more benchmarks were to come."] if unfinished else []
    target = HERE.parent / "out" / "bench.md"
    target.parent.mkdir(exist_ok=True)
    with atomic(target, overwrite=True) as temporary:
        temporary.write_text("\n".join([*text, ""]))
    return target.relative_to(HERE.parent)


def main() -> int:
    """Print and write the table; one benchmark that fails does not stop the others."""
    known = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    names = sys.argv[1:] or known
    if set(names) - set(known):
        print(f"no benchmark {', '.join(set(names) - set(known))}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    refuse_if_busy()
    busy = is_busy()
    rows, failed = [], []
    for name in names:
        print(f"\n{name}", flush=True)
        refuse_if_busy()  # something may have begun meanwhile
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                found = pool.submit(rows_of, name).result()
            except Exception as error:
                print(f"  failed: {error!r}", flush=True)
                failed.append(name)
                found = []
        for row in found:
            print(f"  {row}", flush=True)
        rows += found
        target = write(rows, failed, busy, unfinished=name != names[-1])  # a killed run keeps what it has
    print(f"\nThe table is in {target}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
