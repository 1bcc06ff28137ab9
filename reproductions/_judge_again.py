"""Judge pages again by today's rules, from the rows that are on them: what needs hours of training keeps its numbers.

    python reproductions/_judge_again.py hidden_state unets

Only for rows of one training each. Where rows are means over seeds, their pairs are lost: such a page is run again.
"""

import argparse
import re
from datetime import date

import torch

import _page
from _page import WAITING, Claim, table

NOTE = "The claims were judged again"
OLDER = "Older than its script"


def read(text: str) -> list[list[list[str]]]:
    """Return the tables of a page, each a list of rows of cells, its head first."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.M)
    rows = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()] for block in blocks]
    return [[[cell.strip() for cell in row] for row in (head, *body)] for head, _, *body in rows]


def numbers(text: str) -> list[float]:
    """Return all numbers of a text."""
    return [float(number) for number in re.findall(r"(?<![\w.])[+-]?\d+\.?\d*", text)]


def values(head: list[str], row: list[str]) -> dict[str, torch.Tensor] | None:
    """Return the numbers of a row (seed,) by the columns' names; None where it is not run yet."""
    if WAITING in row:
        return None
    return {name: torch.tensor([float(cell)]) for name, cell in zip(head, row, strict=True)}


def error_per_step(tables, said):
    """Return the page's claims."""
    import error_per_step as page

    updates, *steps = zip(*(map(float, row) for row in tables[0][1:]), strict=True)
    return page.claims([int(n) for n in updates], torch.tensor(steps).T[None])


def generalisation(tables, said):
    """Return the page's claims."""
    import generalisation as page

    results = {}
    for tested, name, *cells in tables[0][1:]:
        pairs = [numbers(cell)[::-1] for cell in cells]  # PSNR / SSIM
        if WAITING not in cells:
            results.setdefault(tested, {})[name] = torch.tensor(pairs)[None, :, None, None]
    spread = torch.tensor(numbers(said[3])).reshape(2, 3).T[..., None]
    seconds = {"RIM A": numbers(said[5])[0], "U-Net A": 1.0}
    return page.claims(results, seconds, [*spread])


def hidden_state(tables, said):
    """Return the page's claims."""
    import hidden_state as page

    (head, *rows), (noises, *levels) = tables[:2]
    scores = {rate: {} for rate in page.ACCELERATIONS}
    for rate, name, *cells in rows:
        scores[float(rate[:-1])][name] = values(head[2:], cells)
    told, untold = (values([*map(float, noises[1:])], row[1:]) for row in levels)
    return page.claims(scores, told, untold)


def hyper_parameters(tables, said):
    """Return the page's claims."""
    import hyper_parameters as page

    restarts = dict(zip((4, 6, 8), numbers(said[0])[1::2], strict=True))  # T = 4: 0, T = 6: 0, T = 8: 0
    results = {}
    for steps, features, *cells in tables[0][1:]:
        scores = torch.full((1, len(cells), int(steps)), torch.nan)
        scores[..., -1] = torch.tensor([float(cell) for cell in cells])
        results[int(steps), int(features)] = scores, int(restarts.get(int(steps), 0))
    # the 4th of T = 6 is not in the table, but in "4th of T = 4 minus 4th of T = 6: ..."
    results[6, 64][0][..., 3] = results[4, 64][0][..., 3].mean() - numbers(said[4])[4]
    return page.claims(results)


def motion(tables, said):
    """Return the page's claims."""
    import motion as page

    rows = [[numbers(cell) for cell in row[2:]] for row in tables[0][1:]]
    errors = torch.tensor(rows).unflatten(1, (2, 3)).unflatten(0, (len(page.ACCELERATIONS), -1))
    scores = errors.permute(0, 3, 1, 2, 4).flatten(3)  # (acceleration, method, subject, place and score)
    return page.claims((scores, numbers(said[3])))


def one_for_all(tables, said):
    """Return the page's claims."""
    import one_for_all as page

    scores = {
        name: [None if cell == WAITING else torch.tensor([numbers(cell)[::-1]]) for cell in cells]
        for name, *cells in tables[0][1:]
    }
    return page.claims(scores)


def sensitivity(tables, said):
    """Return the page's claims."""
    import sensitivity as page

    _, (iterations, *weights), _, (head, *trainings), *_ = tables
    found = {w: dict(zip(map(int, iterations[1:]), map(float, cells), strict=True)) for w, *cells in weights}
    alone = found.pop("by itself")
    grid = {(float(w), n): value for w, several in found.items() for n, value in several.items()}
    # two digits of the table are too few for a tenth of a decibel
    steps, weight, best, others, other, more = numbers(said[0])
    grid[weight, int(steps)], grid[other, int(others)] = best, best + more
    alone[int(steps)] = numbers(said[1])[0]
    return page.claims(grid, alone, {name: values(head[1:], cells) for name, *cells in trainings})


def unets(tables, said):
    """Return the page's claims."""
    import unets as page

    (head, *rows), (counts, *fed) = tables[:2]
    scores = {name: values(head[1:], cells) for name, *cells in rows}
    learned = {}
    for place, seen, _, *cells in fed:
        kind = {"the image": "image", "k-space": "kspace"}[seen]
        for count, cell in zip(map(int, counts[3:]), cells, strict=True):
            learned.setdefault((kind, count), {})[place] = torch.tensor([float(cell)])
    return page.claims(scores, learned)


READERS = {
    f.__name__: f
    for f in (
        error_per_step,
        generalisation,
        hidden_state,
        hyper_parameters,
        motion,
        one_for_all,
        sensitivity,
        unets,
    )
}


def judged(name: str, text: str) -> str:
    """Return the table of claims that today's rules make of a page's text."""
    if "±" in "".join(cell for some in read(text)[:-1] for row in some for cell in row):
        raise SystemExit(f"{name} has means over seeds; run python reproductions/{name}.py instead")
    *tables, (_, *said) = read(text)
    claims: list[Claim] = READERS[name](tables, [row[2] for row in said])
    return table(["claim", "paper", "ours", ""], [claim.row() for claim in claims])


def judge(name: str) -> None:
    """Write a page with its claims judged again, and a note that says so."""
    path = _page.PAGES / f"{name}.md"
    text = path.read_text()
    note = (
        f"{NOTE} on {date.today()} from these rows as printed, by `python reproductions/_judge_again.py {name}`: an "
        "effect within the spread of what was repeated is open, and so is one of a single training."
    )
    start = text.rindex("\n| claim |") + 1
    end = text.index("\n\n", start)
    text = text[:start] + judged(name, text) + text[end:]
    text, known = re.subn(rf"^({OLDER}|{NOTE}).*$", lambda _: note, text, count=1, flags=re.M)
    if not known:
        text = text.replace("\n\n", f"\n\n{note}\n\n", 1)
    path.write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", choices=sorted(READERS))
    for page in parser.parse_args().pages:
        judge(page)
