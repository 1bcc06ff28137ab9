"""When untrained networks stop: what held-out samples choose, of means or of single updates, beside the best update.

    python benchmarks/untrained.py --data ../shared/data [--side 64] [--updates 500] [--noise 0.01]

One image of each of three sets, a head, an abdomen and a knee, shrunk to this side; one coil, 2D Gaussian masks at 4x,
the noise a fraction of the maximum in each part; PSNR of magnitudes, the data not yet put back. The rule was
chosen on other images and masks.
"""

import argparse
import time
import warnings
from pathlib import Path

import torch

import dealias
import dealias.methods._untrained as untrained
from dealias.errors import Note
from dealias.evaluation.metrics import psnr
from dealias.methods.conv_decoder import ConvDecoder
from dealias.methods.deep_image_prior import DeepImagePrior
from dealias.training.augment import shrunk
from quality import data_sets

SETS = ("siat_brain_val", "ukat_b0_256", "sc_kspace/larson_knee")


def every_update(method, scan):
    """Return the means that held-out samples chose; what each update made; and which of these such samples choose."""
    update, made, errors = untrained._update, [], []
    _, scale = method.normalised(scan)

    def recorded(*arguments):
        x, residual = update(*arguments)
        fitted = arguments[4]
        made.append(x * scale)
        errors.append(float(residual[~fitted.expand_as(residual)].sum()))
        return x, residual

    untrained._update = recorded
    try:
        return list(dealias.iterate(method, scan)), made, errors.index(min(errors))
    finally:
        untrained._update = update


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--updates", type=int, default=500)
    parser.add_argument("--noise", type=float, default=0.01)
    options = parser.parse_args()
    warnings.simplefilter("ignore", Note)
    head = "network | wavelet | chosen | best update | its number | update chosen | last | with the data | CPU seconds"
    print(f"| | {head} |")
    print("|---" * 10 + "|", flush=True)
    for name, images in data_sets(options.data, 1):
        if name not in SETS:
            continue
        image = shrunk(images[0], options.side / max(images[0].shape))
        image = image / image.abs().max()
        generator = torch.Generator().manual_seed(0)
        mask = dealias.sampling.gaussian((*image.shape,), 4, generator=generator)
        scan = dealias.Acquisition.simulate(image, mask, noise_std=options.noise, generator=generator)
        compressed = float(psnr(dealias.reconstruct("wavelet", scan).abs(), image.abs()))
        for kind in (ConvDecoder, DeepImagePrior):
            begin = time.process_time()
            method = kind(iterations=options.updates, patience=options.updates)
            *images, luckiest = every_update(method, scan)
            chosen, made = ([float(psnr(x.abs(), image.abs())) for x in some] for some in images)
            best, seconds = max(made), time.process_time() - begin
            values = [compressed, chosen[-2], best, 1 + made.index(best), made[luckiest], made[-1], chosen[-1], seconds]
            cells = [f"{value:.{0 if number in (3, 7) else 2}f}" for number, value in enumerate(values)]
            print(f"| `{name}` | {kind.__name__} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
