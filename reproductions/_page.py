"""A page of results: what was claimed, what the paper found, what we found, and how to find it again."""

import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import _data

PAGES = Path(__file__).parents[1] / "docs" / "reproductions"
WAITING = "not run yet"


@dataclass(frozen=True)
class Claim:
    """One line of the table of claims.

    Arguments:
        claim: in a few words.
        paper: its number, where it gives one.
        ours: our number, None where a model is still to be trained.
        holds: whether ours agree; None where that cannot be said yet.
    """

    claim: str
    paper: str
    ours: str | None
    holds: bool | None

    def row(self) -> list[str]:
        """Return the line's cells."""
        verdict = {True: "holds", False: "does not hold", None: "open"}[self.holds]
        return [self.claim, self.paper, self.ours or WAITING, verdict]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; None is a cell that is not run yet."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(WAITING if cell is None else str(cell) for cell in line) + " |" for line in lines
    )


def training_options(text: str) -> ArgumentParser:
    """Return the options of a page that trains models; text: its docstring."""
    parser = ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=0.0, help="for training; 0 writes what is there")
    return parser


def write(name: str, title: str, parts: Sequence[str], claims: Sequence[Claim] = ()) -> Path:
    """Write docs/reproductions/<name>.md and return its path."""
    command = shlex.join(["python", f"reproductions/{name}.py", *sys.argv[1:]])
    made = f"Made by `{command}` on {date.today()}, dealias {version('dealias')}, torch {version('torch')}."
    if not _data.SHARED.exists():
        made += " Made without ../shared/data: images named after bodies and scanners are simulated heads."
    body = [f"# {title}", *parts]
    if claims:
        body.append(table(["claim", "paper", "ours", ""], [claim.row() for claim in claims]))
    PAGES.mkdir(parents=True, exist_ok=True)
    path = PAGES / f"{name}.md"
    path.write_text("\n\n".join([*body, made]) + "\n")
    print(path.read_text())
    return path


def save(name: str, sheet: Figure, dpi: int = 110) -> None:
    """Save a figure beside the pages, where `figure` finds it."""
    PAGES.mkdir(parents=True, exist_ok=True)
    sheet.savefig(PAGES / f"{name}.png", dpi=dpi)


def smaller(path: Path) -> None:
    """Write a picture again in 256 colours: a third of the size."""
    Image.open(path).convert("RGB").quantize().save(path, optimize=True)


def figure(name: str, caption: str) -> str:
    """Return the Markdown of a figure beside the page."""
    return f"![{caption}]({name}.png)"
