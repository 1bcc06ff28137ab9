"""From coils to the field: every stage against what is true of the phantom, or against theory."""

import pytest
import torch

from brains import ball, error, phantom, scan, seen
from dealias import sampling
from dealias.errors import UserError
from dealias.susceptibility.bipolar import ramp, without_ramp
from dealias.susceptibility.echoes import Echoes
from dealias.susceptibility.field import field_map
from dealias.susceptibility.laplacian import unwrap_laplacian
from dealias.susceptibility.mask import brain_mask, eroded, otsu
from dealias.susceptibility.offset import coil_offsets, combined
from dealias.susceptibility.relaxation import relaxation_rate
from dealias.susceptibility.scan import READOUT, reconstructed
from dealias.susceptibility.stages import RAMP, combine, field_of, invert, local_field_of
from dealias.susceptibility.units import checked_strength, checked_times, radians
from dealias.susceptibility.unwrap import unwrap, unwrap_echoes, wrap
from dealias.susceptibility.volumes import affine_of

TIMES = (0.004, 0.008, 0.012)


def slope(n=24, turns=3.0):
    """A phase that grows evenly along a diagonal, in radians."""
    z, y, x = torch.meshgrid(*(torch.arange(n) - n // 2,) * 3, indexing="ij")
    return 2 * torch.pi * turns * (z + 0.5 * y - 0.7 * x) / n


def test_one_part_per_million_at_seven_tesla():
    assert radians(7.0, 0.003) == pytest.approx(5.62, abs=0.005)


@pytest.mark.parametrize(
    ("times", "text"),
    [((0.004,), "one echo"), ((4, 8, 12), "milliseconds"), ((0.008, 0.004), "grow"), ((-1, 0.1), "impossible")],
)
def test_impossible_echo_times(times, text):
    with pytest.raises(UserError, match=text):
        checked_times(times)
    with pytest.raises(UserError, match="tesla"):
        checked_strength(3000)


def test_unwrapping_gives_a_slope_back():
    truth, inside = slope(), ball(24, 11)
    whole = unwrap(wrap(truth), inside)
    rest = (whole - truth)[inside]
    assert torch.allclose(rest, rest.median(), atol=1e-3) and float(rest.median()) == pytest.approx(0, abs=1e-3)
    assert (whole[~inside] == 0).all()


def test_regions_that_do_not_touch_are_unwrapped_apart():
    inside = ball(32, 5, (-8, 0, 0)) | ball(32, 5, (8, 0, 0))
    truth = slope(32)
    whole = unwrap(wrap(truth), inside)
    turns = ((whole - truth) / (2 * torch.pi))[inside]
    assert torch.allclose(turns, turns.round(), atol=1e-3)


def test_the_laplacian_gives_a_smooth_phase_back():
    truth, inside = slope(turns=2.0), torch.ones(24, 24, 24, dtype=torch.bool)
    assert error(unwrap_laplacian(wrap(truth), inside), truth, inside) < 1e-4


def test_echoes_take_their_turns_from_the_one_before():
    field = slope(turns=0.05)
    phase = torch.stack([field * (1 + k) * 4 for k in range(3)])
    inside = ball(24, 11)
    whole = unwrap_echoes(wrap(phase), torch.ones_like(phase), TIMES, inside)
    assert torch.allclose(whole[:, inside], phase[:, inside], atol=1e-3)


def test_the_field_and_its_noise_are_those_of_theory():
    generator = torch.Generator().manual_seed(0)
    inside = torch.ones(24, 24, 24, dtype=torch.bool)
    truth, deviation = slope(turns=0.02), 0.02
    magnitude = torch.tensor([1.0, 0.8, 0.6])[:, None, None, None].expand(3, 24, 24, 24)
    turns = torch.tensor([radians(3.0, t) for t in TIMES])[:, None, None, None]
    noise = deviation * torch.randn(magnitude.shape, generator=generator) / magnitude
    field, level = field_map(turns * truth + noise, magnitude, TIMES, 3.0, inside)
    wanted = deviation / float((magnitude[:, 0, 0, 0] * turns.flatten()).square().sum().sqrt())
    assert float((field - truth).std()) == pytest.approx(wanted, rel=0.05)
    assert float(level.median()) == pytest.approx(wanted, rel=0.4)


@pytest.mark.parametrize("coils", [1, 4])
def test_coils_are_combined_and_the_field_is_the_phantoms(coils):
    made, head = scan(coils), phantom()
    whole = combined(made.images, made.echo_times, seen(made.images))
    mask = seen(made.images)
    phase = unwrap_echoes(whole.angle(), whole.abs(), made.echo_times, mask)
    field, _ = field_map(phase, whole.abs(), made.echo_times, made.field_strength, mask)
    inner = eroded(head.mask, 2.5 * head.voxel_size[0], head.voxel_size) & mask
    # voxels of 5 mm near the sinuses: the phase of a mean is not the mean of phases
    assert error(field, head.field, inner) < 0.15
    assert float((field - head.field)[inner].abs().median()) < 0.005


def test_eight_coils_map_susceptibility_as_well_as_one():
    head, found = phantom(), []
    place = affine_of(head.chi.shape, head.voxel_size, head.direction)
    inner = eroded(head.mask, 1.01 * head.voxel_size[0], head.voxel_size)
    for coils in (1, 8):
        made = scan(coils, 100.0)
        echoes = Echoes(made.images, made.echo_times, made.field_strength, head.voxel_size, head.direction, place)
        field, noise, _ = field_of(*combine(echoes, bipolar=False), echoes, inner)
        local, known = local_field_of(field, noise, inner, echoes, background="v_sharp", radius=12.0)
        chi = invert(local, noise, known, echoes, inversion="total_variation", regularisation=None)
        found.append(error(chi, head.chi, known))
    assert found[1] < 1.05 * found[0] < 0.8


def test_the_offset_of_every_coil_is_found():
    times, inside = TIMES, ball(24, 11)
    z = torch.meshgrid(*(torch.linspace(-1, 1, 24),) * 3, indexing="ij")[0]
    truth = torch.stack([torch.polar(torch.ones_like(z), 0.5 * z + start) for start in (0.3, -1.2)])
    field = slope(turns=0.05)
    echoes = torch.stack([truth * torch.polar(inside.float(), 4 * field * (k + 1)) for k in range(3)])
    found = coil_offsets(echoes, times, inside)
    inner = eroded(inside, 4.0, (1.0, 1.0, 1.0))
    assert float((found * truth.conj()).angle().abs()[:, inner].max()) < 0.06


def test_a_bipolar_readout_is_found_and_removed():
    inside = ball(24, 11)
    x = ((torch.arange(24) - 12) / 24).expand(24, 24, 24)
    clean = torch.stack([torch.polar(inside.float(), 0.3 * (k + 1) * slope(turns=0.1)) for k in range(4)])
    echoes = clean.clone()
    echoes[1::2] *= torch.polar(torch.ones_like(x), 1.5 * x + 0.4)
    times = (0.004, 0.008, 0.012, 0.016)
    assert ramp(echoes, times, inside) == pytest.approx((0, 0, 1.5), abs=0.01)
    mended = without_ramp(echoes, times, inside)
    assert float((mended * clean.conj()).angle().abs()[:, inside].max()) < 0.02
    with pytest.raises(UserError, match="three or more"):
        without_ramp(echoes[:2], times[:2], inside)


def test_relaxation_is_exact_without_noise():
    rate = torch.linspace(5, 80, 12**3).reshape(12, 12, 12)
    magnitude = torch.stack([torch.exp(-t * rate) for t in TIMES])
    got = relaxation_rate(magnitude, TIMES, torch.ones(12, 12, 12, dtype=torch.bool))
    assert torch.allclose(got, rate, rtol=1e-3)


def test_the_brain_is_found_and_the_scalp_is_not():
    head, made = phantom(), scan()
    magnitude = made.images[:, 0].abs().square().sum(0).sqrt()
    mask = brain_mask(magnitude, torch.ones_like(magnitude), head.voxel_size)
    assert float((mask & ~head.mask).sum()) < 0.02 * float(mask.sum())
    assert float((mask & head.mask).sum()) > 0.6 * float(head.mask.sum())
    with pytest.raises(UserError, match="--mask"):
        brain_mask(magnitude, torch.zeros_like(magnitude), head.voxel_size)


def test_otsu_parts_two_classes():
    values = torch.cat([torch.full((100,), 1.0), torch.full((50,), 5.0)]).numpy()
    assert 1 <= otsu(values) < 5


def test_aliasing_is_no_bipolar_readout():
    made = phantom().scan()
    generator = torch.Generator().manual_seed(2)
    kept = torch.stack([sampling.gaussian((40, 40), 4.0, generator=generator) for _ in made.images])
    aliased = reconstructed(made.kspace * kept[:, None, :, :, None], "zero_filled")
    mask = seen(aliased)
    assert max(map(abs, ramp(aliased, made.echo_times, mask))) > RAMP  # what the check took for a bipolar readout
    assert max(map(abs, ramp(aliased, made.echo_times, mask, READOUT))) < 0.05
    x = (torch.arange(40) - 20) / 40
    aliased[1::2] *= torch.polar(torch.ones(40), 3 * x)
    assert ramp(aliased, made.echo_times, mask, READOUT) == pytest.approx((0, 0, 3), abs=0.05)
    mended = without_ramp(aliased, made.echo_times, mask, READOUT)
    assert max(map(abs, ramp(mended, made.echo_times, mask, READOUT))) < 0.05
