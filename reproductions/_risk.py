"""The error of an image by three estimates, over the true one: hidden samples, Stein's risk, the posterior's spread."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

import dealias
from _page import Claim, table
from _verdict import listed, verdict
from dealias.acquisition import Acquisition
from dealias.error_bar.held_out import held_out
from dealias.error_bar.uncertainty import of_magnitude
from dealias.evaluation.calibration import BODY, correlation

ESTIMATES = ("hidden samples", "Stein's risk", "spread of draws")
LEVELS = {"iterations": 30, "steps": 2}  # of a method that draws: fewer than its own, which would take hours
LITTLE = 0.1  # of the noise, by which the data are changed to see how much of it an image keeps
MAPS = ("half-width", "spread of draws")  # of which the correlation with the error is asked


def size(values: Tensor) -> float:
    """Return the root of the mean square."""
    return float(values.abs().double().square().mean().sqrt())


def by_stein(image_of: Callable[[Acquisition], Tensor], scan: Acquisition, image: Tensor) -> float:
    """Return the rms error of the complex image by Stein's unbiased risk at the measured samples.

    | Monte-Carlo SURE: A black-box optimization of regularization parameters for general denoising algorithms
    | (Ramani, Blu and Unser, 2008), theorem 2 | https://doi.org/10.1109/TIP.2008.2001404
    """
    parts = torch.randn((*scan.kspace.shape, 2), generator=torch.Generator().manual_seed(7))
    noise = torch.view_as_complex(parts) * scan.noise_std * scan.mask
    other = image_of(replace(scan, kspace=scan.kspace + LITTLE * noise))
    kept = (noise.conj() * scan.operator(other - image)).real.sum() / LITTLE
    misfit = (scan.operator(image) - scan.kspace).abs().square().sum()
    expected = 2 * (scan.noise_std.square() * scan.mask).sum()
    return float(((misfit - expected + 2 * kept) / image.numel()).clamp_min(0).sqrt())


def estimated(method: str, draws: int, scan: Acquisition, truth: Tensor) -> dict[str, float]:
    """Return each estimate over the truth, and the correlations of maps with the error in the body.

    Arguments:
        draws: how many are averaged where the method draws from a posterior; 0 where it makes one image.
    """
    network, drawn = dealias.load(method, **(LEVELS if draws else {})), []

    def image_of(part: Acquisition) -> Tensor:
        if not draws:
            return dealias.reconstruct(network, part)
        drawn.append(dealias.draw(network, part, draws))
        return drawn[-1].mean(0)

    bar = of_magnitude(held_out(image_of, scan, 1))
    error = (bar.image.abs() - truth.abs()).abs()
    body = truth.abs() > BODY * truth.abs().max()
    found = {
        "hidden samples": float(bar.rms) / size(error),
        "half-width": float(correlation(error, bar.half_width, body)),
    }
    if draws:
        apart = drawn[0].abs().std(0)
        found["spread of draws"] = size(apart) * (1 + 1 / draws) ** 0.5 / size(error)
        found["spread of draws, correlation"] = float(correlation(error, apart, body))
    found["Stein's risk"] = by_stein(image_of, scan, bar.image) / size(bar.image - truth)
    return found


def judged(cases, methods: dict[str, int]) -> dict[str, dict[str, Tensor]]:
    """Return by method and by estimate what came out (pattern, body).

    Arguments:
        cases: body, pattern, scan and true image of each.
        methods: names, each with how many draws are averaged.
    """
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for _, pattern, scan, truth in cases:
        for method, draws in methods.items():
            for name, value in estimated(method, draws, scan, truth).items():
                found[method][name][pattern].append(value)
    return {
        method: {name: torch.tensor(list(values.values())) for name, values in names.items()}
        for method, names in found.items()
    }


def far(ratio: Tensor) -> Tensor:
    """Return how many times too large or too small an estimate is, in the mean over bodies (pattern,)."""
    return ratio.clamp_min(1e-3).log().abs().mean(-1).exp()


def rows(found):
    """Return the cells of the table: means over patterns and bodies."""
    for method, names in found.items():
        ratios = [f"{float(names[name].mean()):.2f}" if name in names else "none" for name in ESTIMATES]
        spread = names.get("spread of draws, correlation")
        maps = [f"{float(names['half-width'].mean()):.2f}", "none" if spread is None else f"{float(spread.mean()):.2f}"]
        yield [method, *ratios, *maps]


def text(found, bodies) -> str:
    """Return the section of the page."""
    head = ["method", *(f"{name} / true" for name in ESTIMATES), *(f"correlation of {name}" for name in MAPS)]
    words = (
        f"Three estimates beside each other, Gaussian 4x, of {', '.join(bodies)}: hidden samples, which tell the error "
        "of the magnitude; Stein's unbiased risk, which needs the noise level and one more image of data changed a "
        "little, and tells the complex error at measured frequencies alone; and the spread of draws from a posterior, "
        f"where a method draws ({LEVELS['iterations']} levels of {LEVELS['steps']} steps). Each over what it "
        "estimates, and how its map of pixels follows the error in the body:"
    )
    return f"{words}\n\n{table(head, list(rows(found)))}"


def claims(found) -> list[Claim]:
    """Return whether hidden samples are nearer to the truth than the others."""
    nearer = {method: far(names["Stein's risk"]) - far(names["hidden samples"]) for method, names in found.items()}
    draws = {
        method: far(names["spread of draws"]) - far(names["hidden samples"])
        for method, names in found.items()
        if "spread of draws" in names
    }
    return [
        Claim(
            "hidden samples are nearer to the true error than Stein's risk: by so many times less off (ours)",
            "not claimed",
            listed(nearer, "+.2f", ""),
            verdict([*nearer.values()]),
        ),
        Claim(
            "nearer than the spread of draws from the posterior (ours)",
            "not claimed",
            listed(draws, "+.2f", ""),
            verdict([*draws.values()]),
        ),
    ]
