"""The shipped RIM against wavelet compressed sensing with tuned regularisation, on data that it never saw.

Every image is measured in simulation: 2D Gaussian masks, noise of 0.001 of the maximum in each part; all methods see
the same data. The regularisation of compressed sensing is the best of a grid for each data set and acceleration,
judged by the truth; the automatic one, which users get, stands beside it, and so does SigPy's, tuned likewise. PSNR
and SSIM of magnitudes.

    python benchmarks/quality.py [--data ../shared/data] [--accelerations 2,3,4,5] [--images 6] [--output out/quality]
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

import dealias
from _row import Row, show
from dealias.evaluation.compare import COLUMNS, Protocol, compare, text
from dealias.evaluation.journal import Journal
from dealias.evaluation.references import Reference
from dealias.phantoms import head, shepp_logan

GRID = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
FOREIGN = ("kellman_fatwater", "ukat_b0_256", "ukat_r2star_philips", "ukat_t1_philips", "sc_kspace")


def pairs(array):
    """Return complex images (n, y, x) of maximum 1 from an array (..., y, x, 2)."""
    images = torch.view_as_complex(torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)))
    images = images.reshape(-1, *images.shape[-2:])
    return [image / image.abs().max() for image in images]


def spread(images, count):
    """Return `count` of the images, evenly spread."""
    return [images[i] for i in np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)]


def data_sets(folder, count):
    """Yield (name, images); brains of a subject that chose the weights, and bodies that nobody trained on."""
    if folder is None:
        yield "phantom", [head((256, 256), seed=seed) for seed in range(1000, 1000 + count)]
        yield "shepp_logan", [shepp_logan((200, 181)).to(torch.complex64)]
        return
    brain = np.load(folder / "siat_brain_val.npz")
    yield "siat_brain_val", spread(pairs(brain["image"] * brain["scale"][:, None, None, None]), count)
    for name in FOREIGN:
        arrays = np.load(folder / f"{name}.npz")
        if name == "kellman_fatwater":
            images = [image for key in arrays if not key.endswith("_te") for image in pairs(arrays[key])[:1]]
        elif name == "sc_kspace":
            for key in arrays:
                if key != "swastling":  # written without the inner shift: its head lies in the corners
                    scan = dealias.Acquisition.centred(arrays[key])
                    yield f"{name}/{key}", [scan.zero_filled / scan.zero_filled.abs().max()]
            continue
        else:
            images = pairs(arrays["image"])
        yield name, spread(images, count)


class SigPy(dealias.Method):
    """SigPy's l1-wavelet image, 40 iterations."""

    iterations = 1

    def __init__(self, regularisation: float) -> None:
        super().__init__()
        self.regularisation = regularisation

    def estimates(self, problem):
        """Yield it."""
        import sigpy.mri

        # one slice at a time: SigPy takes a leading axis of one for a third dimension of the wavelets
        coils = problem.centred_kspace.flatten(0, -4).numpy()
        ones = np.ones_like(coils) if problem.maps is None else problem.maps.flatten(0, -4).expand(coils.shape).numpy()
        images = []
        for kspace, maps in zip(coils, ones, strict=True):
            app = sigpy.mri.app.L1WaveletRecon(kspace, maps, lamda=self.regularisation, max_iter=40, show_pbar=False)
            images.append(torch.from_numpy(app.run()))
        yield torch.stack(images).reshape(problem.shape)


def contenders(weight, peer):
    """Return the methods by name, and the names that each column of the table chooses its best from."""
    ours = {f"wavelet {value}": dealias.load("wavelet", regularisation=value) for value in GRID}
    theirs = {f"sigpy {value}": SigPy(value) for value in GRID} if peer else {}
    others = {name: dealias.load(name) for name in ("zero_filled", "wavelet")} | {"rim": dealias.load(weight)}
    columns = {"zero-filled": ["zero_filled"], "CS by itself": ["wavelet"], "CS tuned": [*ours]}
    columns |= {"SigPy's CS tuned": [*theirs]} if peer else {}
    return ours | theirs | others, columns | {"RIM": ["rim"]}


def best(table, chosen, methods):
    """Return the mean PSNR and SSIM of the method of the highest PSNR."""
    scores = []
    for method in methods:
        rows = [row for row in table if row["method"] == method and all(row[k] == v for k, v in chosen.items())]
        scores.append([np.mean([float(row[name]) for row in rows]) for name in ("psnr", "ssim")])
    return max(scores)


def rows(
    data: str | None = None,
    accelerations: str = "2,4",
    images: int = 2,
    coils: int = 1,
    noise: float = 0.001,
    sigpy: bool = True,
    weight: str = "rim",
    output: str = "out/quality",
):
    """Yield the PSNR of the RIM and of the best that SigPy's grid gives; every score goes to a table.

    Arguments:
        data: the folder of shared data; else phantoms
        images: of each set
        coils: simulated ones
        sigpy: SigPy's too, which takes the longest
    """
    peer = sigpy and find_spec("sigpy") is not None
    methods, columns = contenders(weight, peer)
    protocol = Protocol(tuple(map(float, accelerations.split(","))), patterns=1, noise=noise, coils=coils)
    kind = f"{'phantoms' if data is None else 'shared'}_{weight}_{coils}_{noise:g}"
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    gains = {}
    path = folder / f"{Path(kind).name}.csv"
    path.unlink(missing_ok=True)  # weights of the same name may be others today
    with Journal(path, COLUMNS, text) as journal:
        for name, found in data_sets(None if data is None else Path(data), images):
            for number, image in enumerate(tqdm(found, desc=name, leave=False, disable=None)):
                for row in compare(methods, Reference(name, number, image, 1.0), protocol):
                    journal.add(row)
            for acceleration in protocol.accelerations:
                chosen = {"file": name, "acceleration": text(acceleration)}
                shown = {title: best(journal.rows, chosen, keys) for title, keys in columns.items()}
                for title in (title for title in columns if "tuned" in title and name.startswith(FOREIGN)):
                    gains.setdefault((title, acceleration), []).append(shown["RIM"][0] - shown[title][0])
                note = ", ".join(f"{title} {value[0]:.2f} / {value[1]:.3f}" for title, value in shown.items())
                theirs = shown["SigPy's CS tuned"][0] if peer else None
                what = f"PSNR of the RIM, {name}, {len(found)} images, {acceleration:g}x"
                yield Row(what, "dB", shown["RIM"][0], theirs, "SigPy's CS tuned", note=note)
    for (title, acceleration), values in gains.items():
        what = f"gain of the RIM over {title}, mean of {len(values)} foreign sets, {acceleration:g}x"
        yield Row(what, "dB", float(np.mean(values)), note=f"at least {min(values):+.2f}")


if __name__ == "__main__":
    show(rows)
