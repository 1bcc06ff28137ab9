"""Everything in a quarter of a minute: a simulated scan, three methods, a table and a figure."""

from pathlib import Path


def run(output: str = "out/demo.png", *, acceleration: float = 4.0, seed: int = 0) -> None:
    """Reconstruct a simulated accelerated head with zero-filling, compressed sensing and the shipped RIM.

    Arguments:
        output: the figure to write
        acceleration: one sample in this many is measured
        seed: of the head, the mask and the noise
    """
    from time import perf_counter

    import torch

    import dealias
    from dealias.errors import UserError
    from dealias.evaluation import metrics
    from dealias.evaluation.figures import panels
    from dealias.files.atomic import refusal
    from dealias.phantoms import head

    target = Path(output)
    if target.exists() and not (target.is_file() and _is_picture(target)):
        raise UserError(f"{target}: exists and is no picture; name another file")
    if target.suffix != ".png":
        raise UserError(f"{target}: the figure is a PNG; name it so")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{target}: {refusal(error)}") from None
    generator = torch.Generator().manual_seed(seed)
    truth = head((256, 256), seed=seed)
    mask = dealias.sampling.gaussian((256, 256), acceleration, generator=generator)
    scan = dealias.Acquisition.simulate(truth, mask, noise_std=0.001, generator=generator)
    images = {}
    print(f"A simulated head, 256 x 256, {scan.acceleration:.1f}x accelerated, noise 0.001 of its maximum\n")
    print(f"{'method':12} {'PSNR / dB':>9} {'SSIM':>6} {'NMSE':>8} {'HFEN':>6} {'seconds':>8}")
    for name in ("zero_filled", "wavelet", "rim"):
        method = dealias.load(name)
        start = perf_counter()
        image = dealias.reconstruct(method, scan)
        seconds = perf_counter() - start
        images[name] = image
        scores = [float(score(image, truth)) for score in (metrics.psnr, metrics.ssim, metrics.nmse, metrics.hfen)]
        print(f"{name:12} {scores[0]:9.2f} {scores[1]:6.3f} {scores[2]:8.5f} {scores[3]:6.3f} {seconds:8.2f}")
    panels(output, images, truth, mask, title=f"A simulated head at {acceleration:g}x", overwrite=True)
    print(f"\nThe figure is in {output}")


def _is_picture(path: Path) -> bool:
    from dealias.files.formats import png

    with path.open("rb") as file:
        return png.knows(file.read(8), path)
