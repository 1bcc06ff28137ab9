"""The study: deep basis pursuit with ResNet and with U-Net blocks, learned from undersampled k-space alone.

    python reproductions/study.py --minutes 20                             # goes on where the last run stopped
    python reproductions/study.py --size 7 --features 64 32 --scale full --epochs 500 --minutes 9000   # as printed
    python reproductions/study.py --source knees.h5 ...                    # HDF5 with imgs, maps and masks

Four unrolls, two steps of alternating directions and ten conjugate gradients each, data as a constraint (epsilon = 0),
batches of 5 slices in their order, the loss in k-space, ADAM of 4e-5 (ResNet) and 1.1e-3 (U-Net). The study reports
the slices that it learned from; here each network learns once from all of them and once without the last third, and
both are judged on that third. The sets are those of study_sets.py.
"""

import hashlib
import time
from argparse import Namespace
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from _models import CACHE
from _page import Claim, figure, save, table, training_options, write
from _verdict import listed, stacked, verdict, worded
from dealias.acquisition import Acquisition
from dealias.files.atomic import atomic
from dealias.methods.basis_pursuit import BasisPursuit
from dealias.training.example import Example
from dealias.training.losses import measured
from study_sets import BITS, Slices, read, simulated, test_sets
from study_sets import write as write_set

RATES = {"resnet": 4e-5, "unet": 1.1e-3}
NAMES = {"resnet": "ResNet", "unet": "U-Net"}
BATCH = 5


@dataclass
class Run:
    """One network that learns from one set.

    Arguments:
        bits: of the magnitudes.
        held: how many of the last slices it does not learn from.
        file: where it is remembered.
        history: epoch, seconds of learning and the NRMSE (slice,) of all slices.
    """

    block: str
    bits: int
    held: int
    seed: int
    slices: Slices
    method: BasisPursuit
    file: Path
    history: list[tuple[int, float, Tensor]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin, or take up what is remembered."""
        self.optimiser = torch.optim.Adam(self.method.parameters(), lr=RATES[self.block])
        self.epoch, self.seconds = 0, 0.0
        if not self.file.exists():
            self.judge()
            return
        kept = torch.load(self.file, weights_only=True)
        self.method.load_state_dict(kept["method"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.epoch, self.seconds, self.history = kept["epoch"], kept["seconds"], kept["history"]

    def judge(self) -> None:
        """Note ||x - x*|| / ||x*|| of every complex slice."""
        images = self.slices.images
        with torch.no_grad():
            error = torch.linalg.vector_norm(self.method.eval()(self.slices.scan) - images, dim=(-2, -1))
        self.history.append((self.epoch, self.seconds, error / torch.linalg.vector_norm(images, dim=(-2, -1))))

    def learn(self, epochs: int) -> None:
        """Learn so many times from each slice, in their order as the study does; judge, and remember."""
        scan, start = self.slices.scan, time.process_time()
        self.method.train()
        for _ in range(epochs):
            for first in range(0, len(self.slices.images) - self.held, BATCH):
                places = range(first, min(first + BATCH, len(self.slices.images) - self.held))
                example = Example(Acquisition.stack([scan[place] for place in places])).normalised(self.method)
                self.optimiser.zero_grad()
                measured(self.method.estimates(example.problem), example).backward()
                self.optimiser.step()
        self.epoch, self.seconds = self.epoch + epochs, self.seconds + time.process_time() - start
        self.judge()
        names = ("epoch", "seconds", "history")
        state = {"method": self.method.state_dict(), "optimiser": self.optimiser.state_dict()}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with atomic(self.file, overwrite=True) as temporary:
            torch.save({**state, **{name: getattr(self, name) for name in names}}, temporary)

    def at(self, epoch: int) -> Tensor:
        """Return the NRMSE (slice,) after so many epochs, or when it was last judged before."""
        return [error for known, _, error in self.history if known <= epoch][-1]

    @property
    def last_third(self) -> slice:
        """The slices on which all are judged."""
        return slice(-(len(self.slices.images) // 3), None)


def set_of(options: Namespace, bits: int) -> Slices:
    """Return one of the four sets, which are made once."""
    what = (str(options.source), options.slices, *options.image, options.coils)
    folder = CACHE / f"study_sets_{_digest(what)}"
    path = folder / f"{bits}bits_{options.scale}.h5"
    if not path.exists():
        given = options.source
        full = read(given, options.slices) if given else simulated(options.slices, (*options.image,), options.coils)
        for name, each in test_sets(full).items():
            write_set(folder / f"{name}.h5", each)
    return read(path, options.slices)


def runs_of(options: Namespace) -> list[Run]:
    """Return every network on every set, as far as each has learned."""
    sets, found = {bits: set_of(options, bits) for bits in BITS}, []
    common = (str(options.source), options.scale, options.slices, *options.image, options.coils, options.size)
    for seed, block, bits, kept in product(options.seeds, RATES, BITS, (False, True)):
        held = options.slices // 3 if kept else 0
        width = options.features[[*RATES].index(block)]
        torch.manual_seed(seed)
        method = BasisPursuit(width, 4, block, options.size, directions=2, gradients=10, ball=0.0)
        file = CACHE / f"study_{_digest((*common, block, bits, held, width, seed))}.pt"
        found.append(Run(block, bits, held, seed, sets[bits], method, file))
    return found


def _digest(what: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]


def learn(runs: list[Run], minutes: float, epochs: int, every: int) -> None:
    """Let each learn a little, the one that is least far first, until all are done or the time is over."""
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end and (waiting := [run for run in runs if run.epoch < epochs]):
        run = min(waiting, key=lambda run: run.epoch)
        run.learn(min(every, epochs - run.epoch))


def drawn(runs: list[Run]) -> None:
    """Draw the NRMSE against epochs and seconds: slices that were learned from, and those that were not."""
    sheet = Figure(figsize=(8, 5.5), layout="constrained")
    axes = sheet.subplots(2, 2, sharey=True)
    for run in (run for run in runs if run.seed == runs[0].seed):
        row = axes[1 if run.held else 0]
        colour = {"resnet": "#2171b5", "unet": "#d94801"}[run.block]
        values = [float(error[run.last_third].mean()) for _, _, error in run.history]
        for axis, horizontal in zip(row, (0, 1), strict=True):
            axis.plot(
                [entry[horizontal] for entry in run.history],
                values,
                "-" if run.bits == max(BITS) else "--",
                color=colour,
                label=f"{NAMES[run.block]}, {run.bits} bits",
            )
    for row, title in zip(axes, ("slices that it learned from", "slices that it never saw"), strict=True):
        row[0].set_ylabel(f"NRMSE\n{title}")
        row[0].set_xlabel("epoch")
        row[1].set_xlabel("seconds of learning")
    axes[0, 1].legend(frameon=False, fontsize=8)
    save("study", sheet)


def error(runs: list[Run], epoch: int, block: str, bits: int, held: bool) -> Tensor | None:
    """Return the mean NRMSE of the last third (seed,)."""
    chosen = [run for run in runs if (run.block, run.bits, bool(run.held)) == (block, bits, held)]
    return stacked([run.at(epoch)[run.last_third].mean() for run in chosen])


def lead(runs: list[Run], epoch: int, bits: int, held: bool) -> Tensor | None:
    """Return by how much the ResNet's NRMSE is below the U-Net's (seed,)."""
    resnet, unet = (error(runs, epoch, block, bits, held) for block in RATES)
    return None if resnet is None or unet is None else unet - resnet


def have_learned(runs: list[Run], epoch: int) -> bool:
    """Whether each network is nearer the truth than its first weights: before, they are what is compared."""
    return all(run.at(epoch)[run.last_third].mean() < run.at(0)[run.last_third].mean() for run in runs)


def claims(runs: list[Run], epoch: int) -> list[Claim]:
    """Return what the study says, and what came out; open until all networks have learned something."""
    most, least = BITS
    few, learned = len({run.seed for run in runs}), have_learned(runs, epoch)
    leads = {f"{bits} bits": lead(runs, epoch, bits, False) for bits in BITS}
    unseen = {f"{bits} bits": lead(runs, epoch, bits, True) for bits in BITS}
    fall = {"": leads[f"{most} bits"] - leads[f"{least} bits"]}
    luck = {
        f"{NAMES[block]}, {bits} bits": error(runs, epoch, block, bits, True) - error(runs, epoch, block, bits, False)
        for block in RATES
        for bits in BITS
    }
    rows = [
        ("the ResNet is nearer than the U-Net after as many epochs", "0.13 against 0.18, 0.16 against 0.18", leads),
        ("less so at 4 bits than at 8", "0.02 against 0.05", fall),
        ("so it is on slices that neither learned from", "not asked", unseen),
        ("slices that were learned from come out better than if they were held back", "not asked", luck),
    ]
    return [
        Claim(
            text,
            said,
            (listed(gains, "+.4f", "") or "").removeprefix(": "),
            verdict([*gains.values()], 0.0, few) if learned else None,
        )
        for text, said, gains in rows
    ]


def main():
    """Learn for as long as there is time, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--source", type=Path, help="HDF5 with imgs, maps and masks; else slices are simulated")
    parser.add_argument("--scale", choices=("quarter", "full"), default="quarter")
    parser.add_argument("--slices", type=int, default=15)
    parser.add_argument("--image", type=int, nargs=2, default=(320, 256), help="rows and columns of simulated slices")
    parser.add_argument("--coils", type=int, default=8, help="of simulated slices")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--every", type=int, default=5, help="epochs between two reports")
    parser.add_argument("--size", type=int, default=3, help="of the ResNet's kernels; the study's is 7")
    parser.add_argument("--features", type=int, nargs=2, default=(16, 8), help="of ResNet and U-Net; the study's 64 32")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options = parser.parse_args()
    runs = runs_of(options)
    learn(runs, options.minutes, options.epochs, options.every)
    drawn(runs)
    epoch = min(run.epoch for run in runs)
    columns = [(0, False), (epoch, False), (epoch, True)]
    rows = [
        [NAMES[block], bits, *(worded(error(runs, number, block, bits, held), ".4f") for number, held in columns)]
        for block, bits in product(RATES, BITS)
    ]
    source = f"of {options.source.name}" if options.source else "simulated heads"
    height, width = runs[0].slices.images.shape[-2:]
    text = (
        f"NRMSE of the complex image on the last {options.slices // 3} of {options.slices} slices of {height} x "
        f"{width} with {options.coils} coils, {source}, mean ± standard deviation over {len(options.seeds)} seeds; no "
        f"network sees an image, only k-space, four times undersampled. ResNet of 3 blocks, {options.size} x "
        f"{options.size} kernels and {options.features[0]} features, U-Net of {options.features[1]} features at full "
        "resolution; the study's have 7 x 7 and 64, and 32. Both begin with lambda at 10, the study's at 0.1. "
        "All claims are open until every network is nearer the truth than its first weights were, which ADAM of 4e-5 "
        "needs many epochs for; the study has 500 and 1000."
    )
    head = ["block", "bits", "untrained", f"{epoch} epochs, learned from them", f"{epoch} epochs, held back"]
    parts = [text, table(head, rows), figure("study", "NRMSE against epochs and against seconds of learning")]
    write("study", "The study: deep basis pursuit without ground truth", parts, claims(runs, epoch))


if __name__ == "__main__":
    main()
