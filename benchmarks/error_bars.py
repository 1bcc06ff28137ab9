"""What error bars by held-out samples are worth: the factor of half-widths from some subjects, judged on others.

    python benchmarks/error_bars.py --data ../shared/data

A line per case, as soon as it is known: rms of the magnitude, predicted over true; the factor that would have covered
nine in ten of the body's pixels (above 5 % of the maximum); correlation of half-width and error there; the same two of
an oracle whose shape is the true error, smoothed alike, which no shape that is as smooth can beat. Then the factor that
covers nine in ten of the pixels of the calibration's cases, each case counting alike, and what it covers on the judges,
which are other data sets.

| Distribution-free prediction sets for two-layer hierarchical models (Dunn, Wasserman and Ramdas, 2022), section 3.1
| https://doi.org/10.1080/01621459.2022.2060112

Images of no subject that a training saw, cropped to 128 x 128 in k-space; one coil with noise of 0.001 told, measured
coils with their noise untold.
"""

import argparse
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import Acquisition, sampling
from dealias.error_bar.half_width import COVERAGE, FACTOR, half_width
from dealias.error_bar.held_out import held_out
from dealias.error_bar.uncertainty import of_magnitude
from dealias.errors import Note
from dealias.evaluation.calibration import BODY, correlation

SIZE = 128
CALIBRATION = (("siat_brain_val", "image", 20), ("kellman_fatwater", "PK1", 0), ("ukat_b0_256", "image", 0))
JUDGES = (
    ("ukat_t1_philips", "image", 0),
    ("ukat_r2star_philips", "image", 0),
    ("sc_kspace", "loraks_t2", 0),
    ("sc_kspace", "larson_t1sag", 0),
)
KINDS = {
    "Gaussian 2x": lambda shape, g: sampling.gaussian(shape, 2, centre=0.15, generator=g),
    "Gaussian 4x": lambda shape, g: sampling.gaussian(shape, 4, centre=0.15, generator=g),
    "random lines 3x": lambda shape, g: sampling.cartesian(shape, 3, centre=0.12, generator=g),
    "equispaced lines 3x": lambda shape, g: sampling.cartesian(shape, 3, lines="equispaced", centre=0.12, generator=g),
}


@dataclass(frozen=True)
class Row:
    """What one case shows.

    Arguments:
        body: which data set.
        ratio: rms of the magnitude, predicted over true.
        scores: of each pixel of the body, its error over the half-width before the factor.
        flat: the same scores of an interval of one width.
        correlation: of half-width and error.
        oracle: the same scores where the shape is the true error, smoothed.
        oracle_correlation: likewise.
    """

    judge: bool
    body: str
    method: str
    coils: str
    kind: str
    ratio: float
    scores: np.ndarray
    flat: np.ndarray
    correlation: float
    oracle: np.ndarray
    oracle_correlation: float


def cropped(kspace, size=SIZE):
    """Return the middle of centred k-space."""
    y, x = ((n - min(n, size)) // 2 for n in kspace.shape[-2:])
    return kspace[..., y : y + size, x : x + size]


def transformed(image):
    """Return the centred k-space of an image."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (-2, -1)), norm="ortho"), (-2, -1))


def one_coil(folder):
    """Yield whether it is a judge, the name and the image (y, x) of each body."""
    for judge, files in ((False, CALIBRATION), (True, JUDGES)):
        for file, key, number in files:
            array = np.load(folder / f"{file}.npz")[key]
            if not np.iscomplexobj(array):
                pairs = array.reshape(-1, *array.shape[-3:])[number].astype(np.float32)
                array = transformed(pairs[..., 0] + 1j * pairs[..., 1])
            image = Acquisition.centred(torch.from_numpy(cropped(array).astype(np.complex64))).zero_filled
            yield judge, f"{file} {key}", image / image.abs().max()


def measured(folder):
    """Yield whether it is a judge, the name and the full acquisition of each measured scan of several coils."""
    yield False, "8 coils", cropped(np.load(folder / "mc_espirit_brain8_full.npz")["kspace"])
    kspace = np.load(folder / "mc_agile_t2brain4.npz")["kspace"]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (-2, -1)), norm="ortho"), (-2, -1))
    yield True, "4 coils", cropped(transformed(image[..., 128:384])).astype(np.complex64)


def cases(folder, kinds):
    """Yield whether it is a judge, the coils, the kind of mask, the name, the scan and its true image."""
    for judge, name, image in one_coil(folder):
        for kind in kinds:
            mask = KINDS[kind]((*image.shape,), torch.Generator().manual_seed(11))
            scan = Acquisition.simulate(image, mask, None, 1e-3, generator=torch.Generator().manual_seed(12))
            yield judge, "one coil", kind, name, scan, image
    for judge, name, kspace in measured(folder):
        full = Acquisition.centred(kspace)
        truth = full.with_maps(dealias.espirit(full)).zero_filled
        for kind in kinds:
            scan = full.sampled(KINDS[kind]((*truth.shape,), torch.Generator().manual_seed(11)))
            yield judge, "several coils", kind, name, scan.with_maps(dealias.espirit(scan)), truth


def shaped(found, parts, error, body):
    """Return the scores of the body's pixels, and the correlation of half-width and error there."""
    energy = found.rms.square().reshape(1, 1)
    width = half_width(energy, found.image, parts) / FACTOR
    return (error / width)[body].numpy(), float(correlation(error, width, body))


def rows(folder, methods, kinds, folds):
    """Yield the row of each case."""
    for judge, coils, kind, name, scan, truth in cases(folder, kinds):
        for method, network in methods.items():
            held = held_out(partial(dealias.reconstruct, network), scan, folds)
            found = of_magnitude(held)
            error = (found.image.abs() - truth.abs()).abs()
            body = truth.abs() > BODY * truth.abs().max()
            ratio = float(found.rms / error.square().mean().sqrt())
            scores, own = shaped(found, held.parts, error, body)
            flat = (error[body] / found.rms).numpy()
            oracle, most = shaped(found, truth[None], error, body)
            yield Row(judge, name, method, coils, kind, ratio, scores, flat, own, oracle, most)


def quantile(scores):
    """Return the least factor that covers nine in ten of the pixels, each case counting alike."""
    values, weights = np.concatenate(scores), np.concatenate([np.full(len(each), 1 / len(each)) for each in scores])
    order = values.argsort()
    share = weights[order].cumsum() / len(scores)
    return float(values[order][min(np.searchsorted(share, COVERAGE), len(values) - 1)])


def main():
    """Print a line per case, the factor, and the table of the judges."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="wavelet,rim")
    parser.add_argument("--kinds", default="Gaussian 4x,random lines 3x,equispaced lines 3x")
    parser.add_argument("--folds", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    methods = {name: dealias.load(name) for name in options.methods.split(",")}
    found = []
    for row in rows(options.data, methods, options.kinds.split(","), options.folds):
        found.append(row)
        role = "judge" if row.judge else "calibration"
        own, oracle = (np.quantile(scores, COVERAGE) for scores in (row.scores, row.oracle))
        print(
            f"{role}: {row.body}, {row.kind}, {row.method}: predicted / true {row.ratio:.2f}, factor {own:.2f}, "
            f"correlation {row.correlation:.2f}; oracle {oracle:.2f}, {row.oracle_correlation:.2f}",
            flush=True,
        )
    summary(found)


def summary(found):
    """Print the factor of the calibration, and what it covers on the judges."""
    calibration = [row for row in found if not row.judge]
    judges = [row for row in found if row.judge]
    factor = quantile([row.scores for row in calibration])
    flat = quantile([row.flat for row in calibration])
    print(f"\nfactor of the calibration ({len(calibration)} cases): {factor:.2f}\n")
    print("| judges | cases | predicted / true rms | least, most | coverage | least, most | correlation |")
    print("|---" * 7 + "|")
    groups = dict.fromkeys((row.method, row.coils, row.kind) for row in judges)
    for group in groups:
        show(", ".join(group), [row for row in judges if (row.method, row.coils, row.kind) == group], factor)
    for body in dict.fromkeys(row.body for row in judges):
        show(f"all of {body}", [row for row in judges if row.body == body], factor)
    for what, wanted in (("points", True), ("lines", False)):
        show(f"all {what}", [row for row in judges if ("lines" not in row.kind) == wanted], factor)
    show("all", judges, factor)
    even = [(row.flat <= flat).mean() for row in judges]
    used = [(row.scores <= FACTOR).mean() for row in judges]
    print()
    for what, wanted in (("points", True), ("lines", False)):
        near = np.array([abs(row.ratio - 1) for row in judges if ("lines" not in row.kind) == wanted])
        if len(near):
            within = f"within 15 % in {np.mean(near < 0.15):.0%}, within 30 % in {np.mean(near < 0.3):.0%}"
            print(f"{what}: predicted {within} of {len(near)} judges")
    print(f"the package's factor, {FACTOR}, covers {np.mean(used):.1%}, {np.min(used):.0%} to {np.max(used):.0%}")
    print(f"flat, calibrated likewise ({flat:.2f}): {np.mean(even):.1%}, {np.min(even):.0%} to {np.max(even):.0%}")
    for title in ("scores", "oracle"):
        width = np.mean([narrower(row, getattr(row, title)) for row in judges])
        print(f"{title}: mean half-width over that of the flat interval, each covering nine in ten: {width:.2f}")
    print(f"correlation of the oracle: {np.mean([row.oracle_correlation for row in judges]):.2f}")


def narrower(row, scores):
    """Return the mean half-width over that of the interval of one width, each covering nine in ten of the body."""
    width = row.flat / np.maximum(scores, np.finfo(np.float32).tiny)  # before the factor, over the predicted rms
    return float(np.quantile(scores, COVERAGE) * np.mean(width) / np.quantile(row.flat, COVERAGE))


def show(title, found, factor):
    """Print a line of the table, of some cases."""
    if not found:
        return
    ratio = np.array([row.ratio for row in found])
    coverage = np.array([(row.scores <= factor).mean() for row in found])
    cells = (
        f"{len(found)}",
        f"{ratio.mean():.2f}",
        f"{ratio.min():.2f}, {ratio.max():.2f}",
        f"{coverage.mean():.1%}",
        f"{coverage.min():.0%}, {coverage.max():.0%}",
        f"{np.mean([row.correlation for row in found]):.2f}",
    )
    print(f"| {title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
