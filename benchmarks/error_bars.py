"""What error bars by held-out samples are worth: predicted against true error, coverage, and the factor to calibrate.

    python benchmarks/error_bars.py --data ../shared/data

Per case: rms of the magnitude, predicted over true; share of the body's pixels (above 5 % of the maximum) within the
interval; correlation of half-width and error there; mean half-width over that of the flat interval of equal coverage;
and the factor that would have covered 90 % of the body. Images of no subject that a training saw, cropped to
128 x 128 in k-space; one coil with noise of 0.001 told, measured coils with their noise untold.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import torch

import dealias
from dealias import Acquisition, sampling
from dealias.error_bar.half_width import COVERAGE, FACTOR
from dealias.errors import Note

SIZE = 128
ONE_COIL = (("siat_brain_val", "image", 4), ("siat_brain_val", "image", 20), ("siat_brain_val", "image", 28)) + (
    ("kellman_fatwater", "PK1", 0),
    ("kellman_fatwater", "PK9", 0),
    ("ukat_b0_256", "image", 0),
    ("ukat_t1_philips", "image", 0),
    ("ukat_r2star_philips", "image", 0),
)
KINDS = {
    "Gaussian 2x": lambda shape, g: sampling.gaussian(shape, 2, centre=0.15, generator=g),
    "Gaussian 4x": lambda shape, g: sampling.gaussian(shape, 4, centre=0.15, generator=g),
    "Poisson 4x": lambda shape, g: sampling.poisson(shape, 4, centre=0.15, generator=g),
    "random lines 3x": lambda shape, g: sampling.cartesian(shape, 3, centre=0.12, generator=g),
    "equispaced lines 3x": lambda shape, g: sampling.cartesian(shape, 3, lines="equispaced", centre=0.12, generator=g),
}


def cropped(kspace):
    """Return the middle of centred k-space."""
    y, x = ((n - min(n, SIZE)) // 2 for n in kspace.shape[-2:])
    return kspace[..., y : y + SIZE, x : x + SIZE]


def transformed(image):
    """Return the centred k-space of an image."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (-2, -1)), norm="ortho"), (-2, -1))


def one_coil(folder):
    """Yield name and image (y, x) of each body."""
    for file, key, number in ONE_COIL:
        pairs = np.load(folder / f"{file}.npz")[key]
        pairs = pairs.reshape(-1, *pairs.shape[-3:])[number].astype(np.float32)
        kspace = torch.from_numpy(cropped(transformed(pairs[..., 0] + 1j * pairs[..., 1])).astype(np.complex64))
        image = Acquisition.centred(kspace).zero_filled
        yield f"{file} {key} {number}", image / image.abs().max()


def measured(folder):
    """Yield name and full acquisition of each measured scan of several coils."""
    yield "8 coils", cropped(np.load(folder / "mc_espirit_brain8_full.npz")["kspace"])
    kspace = np.load(folder / "mc_agile_t2brain4.npz")["kspace"]
    image = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, (-2, -1)), norm="ortho"), (-2, -1))
    yield "4 coils", cropped(transformed(image[..., 128:384])).astype(np.complex64)


def cases(folder):
    """Yield the kind of case, its name, its scan and its true image."""
    for name, image in one_coil(folder):
        for kind, draw in KINDS.items():
            mask = draw((*image.shape,), torch.Generator().manual_seed(11))
            scan = Acquisition.simulate(image, mask, None, 1e-3, generator=torch.Generator().manual_seed(12))
            yield f"one coil, {kind}", name, scan, image
    for name, kspace in measured(folder):
        full = Acquisition.centred(kspace)
        truth = full.with_maps(dealias.espirit(full)).zero_filled
        for kind, draw in KINDS.items():
            scan = full.sampled(draw((*truth.shape,), torch.Generator().manual_seed(11)))
            yield f"several coils, {kind}", name, scan.with_maps(dealias.espirit(scan)), truth


def figures(found, truth):
    """Return what one case shows."""
    error = (found.image.abs() - truth.abs()).abs()
    body = truth.abs() > 0.05 * truth.abs().max()
    inside, width = error[body], found.half_width[body]
    return (
        float(found.rms / error.square().mean().sqrt()),
        float((inside <= width).float().mean()),
        float(torch.corrcoef(torch.stack((inside, width)))[0, 1]),
        float(width.mean() / inside.quantile((inside <= width).float().mean())),
        FACTOR * float((inside / width).quantile(COVERAGE)),
    )


def main():
    """Print a table of means over cases by kind, and what all say together."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--methods", default="wavelet,rim")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    rows = {}
    for name in options.methods.split(","):
        method = dealias.load(name)
        for kind, _, scan, truth in cases(options.data):
            rows.setdefault((name, kind), []).append(figures(dealias.uncertainty(method, scan), truth))
    print("| | cases | predicted / true rms | least, most | coverage | least, most | correlation | width | factor |")
    print("|---" * 9 + "|")
    for title, values in rows.items():
        show(", ".join(title), values)
    for title, wanted in (("all points", ("Gaussian", "Poisson")), ("all random lines", ("random",))):
        values = [row for (_, kind), found in rows.items() for row in found if any(word in kind for word in wanted)]
        show(title, values)
        far = np.abs(np.array(values)[:, 0] - 1)
        print(f"{title}: predicted within 15 % in {np.mean(far < 0.15):.0%}, 30 % in {np.mean(far < 0.3):.0%} of cases")


def show(title, values):
    """Print a line of the table."""
    ratio, coverage, correlation, width, factor = np.array(values).T
    cells = (
        f"{len(values)}",
        f"{ratio.mean():.2f}",
        f"{ratio.min():.2f}, {ratio.max():.2f}",
        f"{coverage.mean():.1%}",
        f"{coverage.min():.0%}, {coverage.max():.0%}",
        f"{correlation.mean():.2f}",
        f"{width.mean():.2f}",
        f"{factor.mean():.2f}",
    )
    print(f"| {title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
