"""All claims of all pages in one table, and what would decide those that are open.

    python reproductions/claims.py

Verdicts are those that the pages print. A training costs what an update costs here, measured, times its updates.
"""

import argparse
import ast
import re
import warnings
from collections import Counter
from contextlib import nullcontext
from functools import cache
from itertools import product
from pathlib import Path
from time import process_time

import torch

import dynamic
import hidden_state
import hyper_parameters
import one_for_all
import sensitivity
import survey
import unets
from _image_trainings import rim, unet
from _judge_again import read
from _page import PAGES, table, write
from _project_page import history
from _verdict import SEEDS
from dealias.configure import typed_arguments
from dealias.phantoms import head
from dealias.training.objective import objective
from dealias.training.session import _fast_bfloat16
from dealias.training.simulate import Simulation
from dealias.training.training import Training
from dealias.training.updates import Updates

MEASURED = 2  # updates, after a first one
# what is open for want of something else than short trainings of images
WANTING = {
    "foreign": "more masks: on one body three of them differ by more than the gain",
    "times": "a GPU",
    "trust": "more masks or a mended bar: of one body the coverage is at the bound",
    "dynamic": f"{dynamic.MANY:,} updates of each network",
    "film": "the networks of `dynamic`",
    "spread": "100 scans at each rate",
    "survey": "weights of VarNets",
}
OPTIONS = {"spread": " --images 10 --patterns 10"}


class Asked:
    """Stands for `Models`, and keeps what it is asked for."""

    def __init__(self):
        self.settings = []

    def seeds(self, **settings):
        """Keep the training of every seed."""
        self.settings += [{**settings, "seed": seed} for seed in SEEDS]
        return []

    def history(self, **settings):
        """Keep the one training."""
        self.settings.append(settings)
        return {}


def trainings():
    """Return the short trainings that each page asks for, from every seed, by its name."""
    grid = sorted({*product(hyper_parameters.STEPS, [64]), *product([8], hyper_parameters.FEATURES)})
    noises = ((0.001, 0.001), (0.003, 0.003))
    crossed = [make(n, crop=64, batch=2, noise=noise) for make, n in ((rim, 1200), (unet, 3600)) for noise in noises]
    # of other images each, which are named by their number alone
    fed = [{**unets.whole(600, seen), "data": [count]} for seen in ("image", "kspace") for count in unets.COUNTS]
    kinds = [rim(1000), *(unets.training(600, arguments) for arguments in unets.VARIANTS.values()), *fed]
    alike = {
        "generalisation": crossed,
        "hidden_state": hidden_state.trainings(1000).values(),
        "hyper_parameters": [rim(1000, *sizes) for sizes in grid],
        "sensitivity": sensitivity.trainings(1000).values(),
        "survey": [survey.training(seen, 600) for seen in ("image", "kspace")],
        "unets": kinds,
    }
    found = {name: asked(lambda models, some=some: [models.seeds(**s) for s in some]) for name, some in alike.items()}
    return found | {
        "error_per_step": asked(lambda models: [history(models, "rim", 1800, seed) for seed in SEEDS]),
        "one_for_all": asked(lambda models: one_for_all.trained(models, 1000)),
        "spread": asked(lambda models: [history(models, method, 1800) for method in ("rim", "complex_rim")]),
    }


def asked(ask):
    """Return the settings of what a function of models asks for."""
    models = Asked()
    ask(models)
    return models.settings


def said(text):
    """Return the rows of a page's claims, none where it has no such table."""
    return next((rows for head_, *rows in reversed(read(text)) if head_[0] == "claim"), [])


def seconds(settings):
    """Return the seconds of a core that one update of a training takes."""
    return _seconds(
        settings["method"], repr(settings["method_arguments"]), repr(settings["simulation"]), settings["loss"]
    )


@cache
def _seconds(method, arguments, simulation, loss):
    plan = Training(method=method, method_arguments=ast.literal_eval(arguments), loss=loss, validation=[])
    taught = objective(plan)
    drawn = typed_arguments(Simulation, ast.literal_eval(simulation), given=("images",))
    updates = Updates(Simulation([head((256, 256), seed=1)], **drawn), seed=0)
    for number in range(1 + MEASURED):
        if number == 1:
            start = process_time()
        with torch.autocast("cpu", torch.bfloat16) if _fast_bfloat16() else nullcontext():
            taught.loss(updates[number], torch.Generator()).backward()
    return (process_time() - start) / MEASURED


def commands(name):
    """Return the commands that a page's script tells, the short form first."""
    text = ast.get_docstring(ast.parse((Path(__file__).parent / f"{name}.py").read_text()))
    return [line.strip().partition("  ")[0] for line in re.findall(r"^    (python reproductions/.*)$", text, re.M)]


def costs(open_):
    """Return the rows of what would decide the open claims (number by page)."""
    known, rows, seen, total = trainings(), [], set(), 0.0
    for name, number in open_.items():
        short = commands(name)[0]
        if name not in known:
            wanting = WANTING.get(name, "networks that learn for a given time")
            rows.append([name, number, "", "", wanting, f"`{short.partition(' [')[0]}`"])
            continue
        settings = known[name]
        once = {repr(some): some for some in settings}
        spent = {key: some["updates"] * seconds(some) / 60 for key, some in once.items()}
        total += sum(minutes for key, minutes in spent.items() if key not in seen)
        seen |= spent.keys()
        updates = ", ".join(f"{n} of {k}" for k, n in sorted(Counter(some["updates"] for some in settings).items()))
        minutes = f"{sum(spent.values()):.0f}"
        command = f"`python reproductions/{name}.py{OPTIONS.get(name, '')} --minutes {minutes}`"
        rows.append([name, number, updates, minutes, WANTING.get(name, ""), command])
    return rows, total


def main():
    """Write the page."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    pages = {path.stem: said(path.read_text()) for path in sorted(PAGES.glob("*.md")) if path.stem != "claims"}
    lines = [[name, *row] for name, rows in pages.items() for row in rows]
    count = Counter(row[-1] for row in lines)
    open_ = {name: sum(row[-1] == "open" for row in rows) for name, rows in pages.items()}
    with warnings.catch_warnings(action="ignore"):
        rows, total = costs({name: number for name, number in open_.items() if number})
    parts = [
        f"{len(lines)} claims: {count['holds']} hold, {count['does not hold']} do not, {count['open']} are open. "
        "What was found stands on each page.",
        table(
            ["page", "claim", "paper", ""],
            [[f"[{name}]({name}.md)", text, paper, v] for name, text, paper, _, v in lines],
        ),
        "What would decide the open ones. The trainings are the short ones of the pages, each from "
        f"{len(SEEDS)} seeds; minutes are those of one core of this machine, {MEASURED} updates of each kind timed. "
        f"Trainings that pages share are trained once: {total / 60:.0f} hours for all. They decide what "
        "networks are worth that learned for minutes; how networks rank that have learned their fill takes the longer "
        "form at the top of each script. `--minutes` says how long a run may begin trainings; what is left waits for "
        "the next.",
        table(["page", "open", "trainings of updates", "minutes of a core", "else", "command"], rows),
    ]
    write("claims", "All claims", parts)


if __name__ == "__main__":
    main()
