"""Learning without ground truth: how close each loss comes to a supervised one, and what they start from.

    python reproductions/losses.py --minutes 20                          # trains what fits, the rest in the next run
    python reproductions/losses.py --updates 20000 --features 64 --minutes 900

One small network of deep basis pursuit, from the same first weights, learns from the same simulated scans of six coils
in as many updates by each loss: against the image, or against k-space alone, where the image is known to nobody.
"""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

import dealias
from _data import held_back, kept, sources
from _models import Models
from _page import Claim, figure, save, table, training_options, write
from _verdict import listed, verdict, worded
from dealias import sampling
from dealias.acquisition import Acquisition
from dealias.coils import simulate
from dealias.configure import configure
from dealias.evaluation.metrics import psnr
from dealias.find import method
from dealias.training.augment import shrunk

SUPERVISED = "supervised"
# by name: the loss, and the share of the samples that the network never sees
LOSSES = {
    SUPERVISED: ("last_squared_error", 0.0),
    "measured": ("measured", 0.0),
    "held_out (SSDU)": ("held_out", 0.4),
    "sure": ("sure", 0.0),
    "sure, 40 % held": ("sure", 0.4),
}
UNTRAINED, CS = "untrained", "wavelet CS"
RATES, COILS, NOISE, SIDE = (4.0, 6.0), 6, 0.01, 96
RATE = 4e-3  # of ADAM; the first 200 updates warm up to it
SIMULATION = {
    "crop": [64, 64],
    "acceleration": [3.0, 7.0],
    "noise": [NOISE / 2, 2 * NOISE],
    "lines": 0.0,
    "image_noise": 0.0,
    "band": 0.0,
    "coils": 1.0,
    "coil_count": [COILS, COILS],
    "hide_noise_level": 0.0,
    "batch": 2,
}


def network(features: int) -> dict[str, int]:
    """Return the arguments of the one network."""
    return {"features": features, "iterations": 3, "size": 3, "directions": 2, "gradients": 5}


def judges(count: int) -> list[tuple[Acquisition, Tensor]]:
    """Return scans of a subject that no training saw at each acceleration, and their images."""
    found = []
    for number, image in enumerate(held_back(count)):
        image = shrunk(image, SIDE / max(image.shape))
        image = image / image.abs().max()
        for rate in RATES:
            generator = torch.Generator().manual_seed(number)
            mask = sampling.gaussian((*image.shape,), rate, centre=0.04, generator=generator)
            maps = simulate((*image.shape,), COILS, generator=generator)
            found.append((Acquisition.simulate(image, mask, maps, NOISE, generator=generator), image))
    return found


def decibels(
    methods: Sequence[dealias.Method | None], scans: list[tuple[Acquisition, Tensor]]
) -> dict[str, Tensor] | None:
    """Return the PSNR (seed,) by acceleration and in the mean; None where a seed is not trained yet."""
    if None in methods:
        return None
    found = torch.tensor([[psnr(dealias.reconstruct(m, scan), image).item() for scan, image in scans] for m in methods])
    each = {f"{rate:.0f}x": found[:, place :: len(RATES)].mean(1) for place, rate in enumerate(RATES)}
    return {**each, "mean": found.mean(1)}


def claims(scores: dict[str, dict[str, Tensor] | None], repetitions: int) -> list[Claim]:
    """Return what the papers say, and what came out."""

    def duel(text: str, said: str, one: str, other: str, least: float = 0.0) -> Claim:
        pairs = scores[one], scores[other]
        gains = {
            rate: None if None in pairs else pairs[0][rate] - pairs[1][rate] for rate in (f"{r:.0f}x" for r in RATES)
        }
        return Claim(text, said, listed(gains), verdict([*gains.values()], least, repetitions))

    _, measured, held, sure, both = LOSSES
    return [
        duel("each network learns: supervised above its first weights", "", SUPERVISED, UNTRAINED),
        duel("samples of its own teach basis pursuit without truth", "Tamir 2019", measured, UNTRAINED),
        duel("samples held back teach more than its own", "Yaman 2020", held, measured),
        duel("held back, they come within 0.5 dB of supervised", "Yaman 2020: similar", held, SUPERVISED, -0.5),
        duel("SURE comes within 0.5 dB of supervised", "Aggarwal 2023: similar", sure, SUPERVISED, -0.5),
        duel("with samples held back SURE comes nearer", "not asked", both, sure),
    ]


def drawn(scores: dict[str, dict[str, Tensor] | None]) -> None:
    """Draw the mean PSNR of each loss above what it starts from, each seed a point."""
    sheet = Figure(figsize=(6, 2.8), layout="constrained")
    axis = sheet.subplots()
    start = scores[UNTRAINED]
    for place, name in enumerate(LOSSES):
        found = scores[name]
        if found is not None and start is not None:
            gain = found["mean"] - start["mean"]
            axis.barh(place, float(gain.mean()), color="#9ecae1" if name != SUPERVISED else "#2171b5")
            axis.plot(gain, [place] * len(gain), "o", color="black", markersize=3)
    axis.set_yticks(range(len(LOSSES)), [*LOSSES])
    axis.invert_yaxis()
    axis.set_xlabel("PSNR above the first weights / dB")
    save("losses", sheet)


def main():
    """Train what the time allows, and write the page of what is there."""
    parser = training_options(__doc__)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--features", type=int, default=12)
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    options = parser.parse_args()
    small = [shrunk(image, SIDE / max(image.shape)) for image in held_back(1)]
    models = Models(
        options.minutes,
        data=sources("siat_brain_train"),
        validation=kept("siat_brain_val", "losses", small),  # the last weights are judged, nothing is chosen
        method="basis_pursuit",
        method_arguments=network(options.features),
        simulation=SIMULATION,
        updates=options.updates,
        every=options.updates,
        rate=RATE,
        precision="float32",
    )
    trained = {
        name: [models.get(loss=loss, held=held, seed=seed) for seed in options.seeds]
        for name, (loss, held) in LOSSES.items()
    }
    first = []
    for seed in options.seeds:
        torch.manual_seed(seed)
        first.append(configure(method("basis_pursuit"), network(options.features)).eval())
    scans = judges(options.images)
    everyone = {CS: [dealias.load("wavelet")] * len(first), UNTRAINED: first, **trained}
    scores = {name: decibels(each, scans) for name, each in everyone.items()}
    drawn(scores)
    columns = [*(f"{rate:.0f}x" for rate in RATES), "mean"]
    rows = [
        [name, *(None if found is None else worded(found[column], ".2f") for column in columns)]
        for name, found in scores.items()
    ]
    slowest, fastest = SIMULATION["acceleration"]
    text = (
        f"PSNR / dB on {options.images} slices of a brain that no training saw, {SIDE} pixels at most, {COILS} "
        f"simulated coils, 2D Gaussian masks, noise {NOISE} of the maximum, which is told; mean ± standard deviation "
        f"over {len(options.seeds)} seeds. Deep basis pursuit of {options.features} features and 3 unrolls, "
        f"{options.updates} updates of two crops of 64 x 64 at {slowest:.0f} to {fastest:.0f}x by each loss, at a "
        f"rate of {RATE}; `dealias train --loss NAME --held SHARE`."
    )
    parts = [text, table(["loss", *columns], rows), figure("losses", "PSNR above the first weights by each loss")]
    write("losses", "Learning without ground truth", parts, claims(scores, len(options.seeds)))


if __name__ == "__main__":
    main()
