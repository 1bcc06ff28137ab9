"""fastMRI's VarNet: its layout gives the image that its equations give; no other file is believed or run."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, instance_norm, leaky_relu, pad

import dealias
from dealias.__main__ import execute
from dealias.errors import UserError
from dealias.methods.e2e_varnet import E2EVarNet
from dealias.sampling import cartesian
from problems import coil_maps, film


def unet_layout(name, features, poolings):
    """Names and shapes of a U-Net as fastMRI writes it."""
    shapes, channels = {}, 2
    widths = [features * 2**level for level in range(poolings + 1)]
    for level, width in enumerate(widths):
        place = f"{name}.conv" if level == poolings else f"{name}.down_sample_layers.{level}"
        shapes[f"{place}.layers.0.weight"] = (width, channels, 3, 3)
        shapes[f"{place}.layers.4.weight"] = (width, width, 3, 3)
        channels = width
    for level, width in enumerate(reversed(widths[:-1])):
        last = ".0" if level == poolings - 1 else ""
        shapes[f"{name}.up_transpose_conv.{level}.layers.0.weight"] = (2 * width, width, 2, 2)
        shapes[f"{name}.up_conv.{level}{last}.layers.0.weight"] = (width, 2 * width, 3, 3)
        shapes[f"{name}.up_conv.{level}{last}.layers.4.weight"] = (width, width, 3, 3)
    shapes[f"{name}.up_conv.{poolings - 1}.1.weight"] = (2, features, 1, 1)
    shapes[f"{name}.up_conv.{poolings - 1}.1.bias"] = (2,)
    return shapes


def theirs(features=3, cascades=2, poolings=2, map_features=2, map_poolings=1):
    """A state dict as fastMRI writes it, of random numbers."""
    generator = torch.Generator().manual_seed(0)
    shapes = unet_layout("sens_net.norm_unet.unet", map_features, map_poolings)
    for cascade in range(cascades):
        shapes |= unet_layout(f"cascades.{cascade}.model.unet", features, poolings)
        shapes[f"cascades.{cascade}.dc_weight"] = (1,)
    return {name: 0.5 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def plain_unet(state, name, x):
    """Their U-Net by functions alone."""

    def pair(place, x):
        for layer in ("0", "4"):
            x = leaky_relu(instance_norm(conv2d(x, state[f"{place}.layers.{layer}.weight"], padding=1)), 0.2)
        return x

    kept = []
    poolings = sum(key.startswith(f"{name}.down_sample_layers.") for key in state) // 2
    for level in range(poolings):
        x = pair(f"{name}.down_sample_layers.{level}", x)
        kept.append(x)
        x = avg_pool2d(x, 2)
    x = pair(f"{name}.conv", x)
    for level in range(poolings):
        enlarged = conv_transpose2d(x, state[f"{name}.up_transpose_conv.{level}.layers.0.weight"], stride=2)
        last = ".0" if level == poolings - 1 else ""
        joined = torch.cat((leaky_relu(instance_norm(enlarged), 0.2), kept.pop()), 1)
        x = pair(f"{name}.up_conv.{level}{last}", joined)
    end = f"{name}.up_conv.{poolings - 1}.1"
    return conv2d(x, state[f"{end}.weight"], state[f"{end}.bias"])


def plain_normalised(state, name, image):
    """Their U-Net on a complex image (n, y, x): each part of zero mean and unit variance, padded around to 16."""
    parts = torch.stack((image.real, image.imag), 1)
    mean, deviation = parts.mean((2, 3), keepdim=True), parts.std((2, 3), keepdim=True)
    rows, columns = image.shape[-2:]
    top, left = -rows % 16 // 2, -columns % 16 // 2
    seen = pad((parts - mean) / deviation, (left, -columns % 16 - left, top, -rows % 16 - top))
    made = plain_unet(state, name, seen)[..., top : top + rows, left : left + columns] * deviation + mean
    return torch.complex(made[:, 0], made[:, 1])


def centred(transform, value):
    axes = (-2, -1)
    return torch.fft.fftshift(transform(torch.fft.ifftshift(value, axes), norm="ortho"), axes)


def plain(state, kspace, mask, lines):
    """The root sum of squares that their network makes of centred k-space (coil, y, x)."""
    first = kspace.shape[-1] // 2 - lines // 2
    centre = torch.zeros_like(kspace)
    centre[..., first : first + lines] = kspace[..., first : first + lines]
    maps = plain_normalised(state, "sens_net.norm_unet.unet", centred(torch.fft.ifft2, centre))
    maps = maps / maps.abs().square().sum(0).sqrt()
    k = kspace
    for cascade in range(2):
        x = (maps.conj() * centred(torch.fft.ifft2, k)).sum(0)
        refined = maps * plain_normalised(state, f"cascades.{cascade}.model.unet", x[None])
        k = k - state[f"cascades.{cascade}.dc_weight"] * mask * (k - kspace) - centred(torch.fft.fft2, refined)
    return centred(torch.fft.ifft2, k).abs().square().sum(0).sqrt()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pt"


@pytest.mark.parametrize("coils", [1, 3])
def test_the_image_is_that_of_their_equations(coils, path):
    torch.save(theirs(), path)
    image = film(batch=(), coils=1, shape=(21, 38)).zero_filled
    mask = cartesian((21, 38), 2, centre=0.25, generator=torch.Generator().manual_seed(0))
    scan = dealias.Acquisition.simulate(image * 1e-5, mask, coil_maps(coils, 21, 38))
    run = int(mask.reshape(-1, 38)[0, 19:].cumprod(0).sum()), int(mask.reshape(-1, 38)[0, :19].flip(0).cumprod(0).sum())
    wanted = plain(theirs(), scan.centred_kspace, scan.centred_mask, 2 * min(run))
    found = dealias.reconstruct(dealias.load(path), scan)
    assert (found.abs() - wanted).abs().max() < 2e-4 * wanted.max() and min(run) > 2


def test_sizes_are_those_of_the_file(path, capsys):
    torch.save({"state_dict": {**{f"varnet.{k}": v for k, v in theirs().items()}, "loss.w": torch.ones(1)}}, path)
    method = dealias.load(path)
    assert isinstance(method, E2EVarNet) and not method.training
    assert method.arguments["poolings"] == 2 and method.arguments["map_poolings"] == 1
    execute(["info", str(path)])
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (printed["method"], printed["features"], printed["iterations"]) == ("E2EVarNet", "3", "2")


def test_arguments_that_the_file_decides(path):
    torch.save(theirs(), path)
    for name in ("features", "iterations", "poolings", "map_features", "authors_conventions"):
        with pytest.raises(UserError, match="published weights decide"):
            dealias.load(path, **{name: 1})


@pytest.mark.parametrize(
    "change",
    [
        {"more": torch.zeros(1)},
        {"cascades.0.model.unet.more.0.weight": torch.zeros(1)},
        {"cascades.0.dc_weight": torch.zeros(2)},
        {"cascades.1.model.unet.conv.layers.0.weight": torch.zeros(3, 3, 3, 3)},
        {"cascades.7.dc_weight": torch.ones(1)},
    ],
)
def test_something_else(change, path):
    torch.save({**theirs(), **change}, path)
    with pytest.raises(UserError, match="not the weights of an end-to-end VarNet") as caught:
        dealias.load(path)
    assert str(path) in str(caught.value)
