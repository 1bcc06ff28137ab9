"""The weights that are shipped: what their cards say, and that they are worth having."""

import pytest
import torch

import dealias
from dealias import cards
from dealias.evaluation.metrics import psnr
from dealias.phantoms import head, heart
from dealias.sampling import cartesian, gaussian, kt

NAMES = cards.weights()


def test_the_rim_is_shipped():
    assert "rim" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_how_the_weights_were_made(name):
    card = cards.read(cards.WEIGHTS / f"{name}.safetensors")
    assert card["command"].startswith("dealias train --config")
    settings = card["settings"]
    assert settings.get("bodies") or (settings["data"] and settings["validation"])
    assert {"dealias", "torch", "lightning"} <= card["versions"].keys()
    assert card["terms"] != "not stated"
    assert card["hours"] > 0 and card["updates"] > 0 and card["date"]
    assert (cards.WEIGHTS / f"{name}.safetensors").stat().st_size < 10_000_000


@pytest.mark.parametrize("acceleration", [2.0, 4.0])
def test_the_rim_beats_compressed_sensing_on_a_head_it_never_saw(acceleration):
    generator = torch.Generator().manual_seed(5)
    truth = head((160, 151), seed=4321)
    mask = gaussian((160, 151), acceleration, generator=generator)
    scan = dealias.Acquisition.simulate(truth, mask, noise_std=0.001, generator=generator)
    rim, wavelet = (float(psnr(dealias.reconstruct(name, scan), truth)) for name in ("rim", "wavelet"))
    assert rim > wavelet + 1


def decibels(scan, truth, names):
    return [float(psnr(dealias.reconstruct(name, scan), truth, data_range=1.0).mean()) for name in names]


def test_weights_of_one_coil_are_worth_having():
    generator = torch.Generator().manual_seed(5)
    truth = head((96, 96), seed=4321)
    scan = dealias.Acquisition.simulate(truth, gaussian((96, 96), 4.0, generator=generator), noise_std=0.001)
    zero_filled, wavelet, rim, other = decibels(scan, truth, ("zero_filled", "wavelet", "rim", "complex_rim"))
    assert rim > wavelet + 5 and rim > zero_filled + 10
    assert other > wavelet + 3 and other > zero_filled + 7


def test_weights_of_several_coils_are_worth_having():
    generator = torch.Generator().manual_seed(5)
    truth, maps = head((96, 96), seed=4321), dealias.coils.simulate((96, 96), 8, generator=generator)
    mask = cartesian((96, 96), 4.0, centre=0.14, generator=generator)
    scan = dealias.Acquisition.simulate(truth, mask, maps, 0.002, generator=generator)
    zero_filled, wavelet, modl = decibels(scan, truth, ("zero_filled", "wavelet", "modl"))
    assert modl > wavelet + 2 and modl > zero_filled + 4
    assert decibels(scan, truth, ("varnet",))[0] > zero_filled + 2
    seen, made = (dealias.reconstruct(name, scan).abs() for name in ("zero_filled", "unet"))
    assert psnr(made, truth.abs()) > psnr(seen, truth.abs()) + 2


def test_weights_of_films_are_worth_having():
    generator = torch.Generator().manual_seed(5)
    film = heart((8, 64, 64), seed=1003)
    mask = kt((8, 64, 64), 4.0, central=4, generator=generator)[:, None]
    scan = dealias.Acquisition.simulate(film, mask, None, 0.001, generator=generator, axes="time y x")
    zero_filled, crnn = decibels(scan, film, ("zero_filled", "crnn"))
    assert crnn > zero_filled + 7


def test_bfloat16_costs_little():
    generator = torch.Generator().manual_seed(5)
    truth = head((96, 96), seed=4321)
    scan = dealias.Acquisition.simulate(truth, gaussian((96, 96), 4.0, generator=generator), noise_std=0.001)
    exact, fast = (dealias.reconstruct("rim", scan, precision=precision) for precision in ("float32", "bfloat16"))
    assert psnr(fast, truth) > psnr(exact, truth) - 0.3


def test_many_coils_without_retraining():
    generator = torch.Generator().manual_seed(5)
    truth = head((128, 120), seed=4321)
    y, x = torch.linspace(-1, 1, 128)[:, None], torch.linspace(-1, 1, 120)
    maps = torch.stack([torch.exp(-((y - a) ** 2) - (x - b) ** 2 + 1j * a * x) for a in (-1, 1) for b in (-1, 1)])
    maps = maps / maps.abs().square().sum(0).sqrt()
    mask = gaussian((128, 120), 4.0, generator=generator)
    one = dealias.Acquisition.simulate(truth, mask, noise_std=0.001, generator=generator)
    four = dealias.Acquisition.simulate(truth, mask, maps, noise_std=0.001, generator=generator)
    rim = psnr(dealias.reconstruct("rim", four), truth)
    assert rim > psnr(dealias.reconstruct("rim", one), truth)
    assert rim > psnr(dealias.reconstruct("sense", four), truth) + 1


def test_the_prior_of_images_beats_compressed_sensing_on_a_head_it_never_saw():
    generator = torch.Generator().manual_seed(5)
    truth = head((96, 96), seed=4321)
    mask = gaussian((96, 96), 4.0, generator=generator)
    scan = dealias.Acquisition.simulate(truth, mask, noise_std=0.002, generator=generator)
    diffusion, wavelet = (float(psnr(dealias.reconstruct(name, scan), truth)) for name in ("diffpir", "wavelet"))
    assert diffusion > wavelet + 1


def test_the_flow_finds_a_head_more_probable_than_its_pixels_in_disorder():
    flow, truth = cards.load_prior("flow"), head((160, 128), seed=4321).abs()
    small = truth.reshape(80, 2, 64, 2).mean((1, 3))
    disorder = small.flatten()[torch.randperm(80 * 64, generator=torch.Generator().manual_seed(0))].reshape(80, 64)
    with torch.no_grad():
        bits = [float(flow.loss(x, torch.Generator().manual_seed(0))) for x in (small, disorder)]
    assert bits[0] < bits[1] - 1 and bits[0] < 4


def test_the_generator_makes_an_image_near_a_head_of_a_few_numbers():
    generator, truth = cards.load_prior("generator"), head((80, 64), seed=4321).abs()
    truth = truth / truth.max()
    with torch.no_grad():
        mean, _ = generator.encoder(truth[None, None]).chunk(2, 1)
        error = float((generator.decode(mean)[0] - truth).norm() / truth.norm())
    assert error < 0.7
