"""CRNN-MRI: its equations as written, by hand, its parameters, and the film that its authors' code gives."""

import pytest
import torch
from torch.nn.functional import conv2d

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.methods.crnn import CRNN
from dealias.networks.cells import CELLS
from dealias.problem import FILM
from dealias.sampling import cartesian
from dealias.testing import assert_close
from problems import film

SMALL = {"features": 6, "iterations": 3}


def series(coils=1, frames=4, batch=(), **others):
    return film(batch=(*batch, frames), coils=coils, axes=FILM, **others).normalised()[0]


def plain(crnn, problem):
    """Equations 4 to 6 as one would write them down, frame after frame, every state there from the start."""
    x = problem.zero_filled
    frames, (rows, columns) = len(x), x.shape[1:]
    features = crnn.outwards.in_channels
    zero = torch.zeros(features, rows, columns)
    state = [[zero] * frames for _ in range(4)]

    def conv(layer, value, bias=None):
        return conv2d(value[None], layer.weight, bias, padding=1)[0]

    for _ in range(crnn.iterations):
        seen = torch.stack((x.real, x.imag), 1)
        last, directions = state[0], []
        for d, order in enumerate((range(frames), reversed(range(frames)))):
            h, outputs = zero, {}
            for t in order:
                unit, bias = crnn.over_time, crnn.over_time.bias[d]
                terms = conv(unit.input, seen[t]), conv(unit.time, h), conv(unit.iteration, last[t], bias)
                h = outputs[t] = torch.relu(sum(terms))
            directions.append(outputs)
        state[0] = [directions[0][t] + directions[1][t] for t in range(frames)]
        for k, unit in enumerate(crnn.units, 1):
            state[k] = [
                torch.relu(conv(unit.input, state[k - 1][t], unit.input.bias) + conv(unit.iteration, state[k][t]))
                for t in range(frames)
            ]
        update = torch.stack([conv(crnn.outwards, h, crnn.outwards.bias) for h in state[3]])
        kspace = torch.fft.fft2(x + torch.complex(update[:, 0], update[:, 1]), norm="ortho")
        measured, mask = problem.kspace[:, 0], problem.mask[:, 0]
        weight = crnn.data_weight
        mixed = measured if weight is None else (kspace + weight * measured) / (1 + weight)
        x = torch.fft.ifft2(torch.where(mask, mixed, kspace), norm="ortho")
        yield x


@pytest.mark.parametrize(("features", "count"), [(64, 297_538), (128, 1_184_898)])
def test_parameters(features, count):
    assert sum(value.numel() for value in CRNN(features).parameters()) == count
    assert 7 * features**2 * 9 + 3 * 2 * features * 9 + 8 * features + 4 == {64: 262_020, 128: 1_040_132}[features]


@pytest.mark.parametrize("weight", [None, 2.5])
@pytest.mark.parametrize("learning", [False, True])
def test_every_iteration_is_the_plain_equations(weight, learning):
    crnn = CRNN(**SMALL, data_weight=weight)
    with torch.no_grad():
        for name, value in crnn.named_parameters():
            if "bias" in name:
                value.normal_(std=0.3)
    problem = series()
    with torch.no_grad():
        slow = list(plain(crnn, problem))
    with torch.set_grad_enabled(learning):
        for fast, wanted in zip(crnn.estimates(problem), slow, strict=True):
            assert_close(fast, wanted, 1e-5, "one iteration")


def test_one_iteration_by_hand():
    """Two frames of one pixel, one feature, all weights chosen, nothing sampled: the numbers of a pencil."""
    crnn = CRNN(features=1, iterations=2)
    with torch.no_grad():
        for value in crnn.parameters():
            value.zero_()
        crnn.over_time.input.weight[0, :, 1, 1] = torch.tensor([1.0, 0.0])  # sees Re x
        crnn.over_time.time.weight[0, 0, 1, 1] = 0.5
        crnn.over_time.iteration.weight[0, 0, 1, 1] = 2.0
        crnn.over_time.bias[:, 0] = torch.tensor([1.0, 3.0])
        for unit in crnn.units:
            unit.input.weight[0, 0, 1, 1] = 1.0
            unit.iteration.weight[0, 0, 1, 1] = -0.25
        crnn.outwards.weight[:, 0, 1, 1] = torch.tensor([1.0, -1.0])
    problem = Acquisition(torch.zeros(2, 1, 1, 1, dtype=torch.complex64), torch.zeros(1, 1, 1, 1).bool(), axes=FILM)
    first, second = (x.flatten() for x in crnn.estimates(problem))
    # forwards 1, 1 + 0.5; backwards from the end 3, 3 + 1.5: sums 5.5 and 4.5, which three units pass on
    assert first.tolist() == pytest.approx([5.5 - 5.5j, 4.5 - 4.5j])
    # driven by 5.5 + 2 * 5.5 and 4.5 + 2 * 4.5; forwards 17.5, 14.5 + 8.75; backwards 16.5, 19.5 + 8.25
    sums = [17.5 + 27.75, 23.25 + 16.5]
    for before, h, x in zip([5.5, 4.5], sums, second.tolist(), strict=True):
        for _ in range(3):
            h = h - 0.25 * before
        assert x == pytest.approx(complex(before + h, -before - h))


def golden(shared, axes):
    import numpy as np

    file = np.load(shared.parent / "reference" / "crnn_mri_golden.npz")
    names = ["x", "y", "t"]
    order = [names.index(name) for name in axes]
    kspace, output = (torch.from_numpy(file[name].transpose(order).copy()) for name in ("kspace", "output"))
    mask = torch.from_numpy(file["mask"][:, None].transpose(order).copy()) != 0
    return Acquisition(kspace[:, None], mask[:, None], axes=FILM), output


@pytest.mark.parametrize("axes", ["tyx", "txy"])
def test_the_film_that_the_authors_code_gives(shared, axes):
    method = dealias.load(str(shared.parent / "reference" / "crnn_mri_d5_c5.pth"))
    problem, output = golden(shared, axes)
    assert (dealias.reconstruct(method, problem) - output).abs().max() < 1e-5


def test_bfloat16_is_near(shared):
    method = dealias.load(str(shared.parent / "reference" / "crnn_mri_d5_c5.pth"))
    problem, output = golden(shared, "tyx")
    error = dealias.reconstruct(method, problem, precision="bfloat16") - output
    assert error.abs().max() < 0.03 and error.abs().square().mean().sqrt() < 0.005


def readout_filled(mask):
    """The mask of a scan whose readout was cut at its ends, and filled with zeros."""
    mask = mask.clone()
    mask[..., :3, :] = mask[..., 12:, :] = False
    return mask


def lines(shape=(16, 18), frames=3):
    return torch.stack([cartesian(shape, 3.0) for _ in range(frames)])[:, None]


MASKS = {
    "new lines in each frame": lines,
    "the same in each": lambda: lines(frames=1).expand(3, -1, -1, -1),
    "a readout filled with zeros": lambda: readout_filled(lines()),
    "an asymmetric echo": lambda: lines() & (torch.arange(16) > 4)[:, None],
    "a frame without samples": lambda: lines() & torch.tensor([True, False, True])[:, None, None, None],
}


@pytest.mark.parametrize("name", MASKS)
def test_a_film_that_aliases_along_the_other_axis_is_turned(name):
    mask, image = MASKS[name](), torch.randn(3, 16, 18, dtype=torch.complex64)
    along_x = Acquisition.simulate(image, mask, axes=FILM)
    along_y = Acquisition.simulate(image.mT, mask.mT, axes=FILM)
    ours, theirs = CRNN(**SMALL), CRNN(**SMALL, authors_conventions=True)
    theirs.load_state_dict({key: x.mT if x.ndim == 4 else x for key, x in ours.state_dict().items()})
    with torch.no_grad():
        assert_close(ours(along_y).mT, ours(along_x), 1e-5, "the turned film")
        (*_, wanted) = plain(ours, along_x.normalised()[0])
        assert_close(list(ours.estimates(along_x.normalised()[0]))[-1], wanted, 1e-5, "along x as it is")
        (*_, wanted) = plain(theirs, along_y)
        assert_close(list(theirs.estimates(along_y))[-1], wanted, 1e-5, "its authors' along y as it is")


@pytest.mark.parametrize("share", [0.4, 1.0])
@pytest.mark.parametrize("authors_conventions", [False, True])
def test_a_film_without_lines_is_not_turned(share, authors_conventions):
    mask = torch.rand(3, 1, 16, 18) < share
    problem = Acquisition.simulate(torch.randn(3, 16, 18, dtype=torch.complex64), mask, axes=FILM)
    crnn = CRNN(**SMALL, data_weight=1.0, authors_conventions=authors_conventions)
    with torch.no_grad():
        (*_, wanted) = plain(crnn, problem)
        assert_close(list(crnn.estimates(problem))[-1], wanted, 1e-5, "as it is")


def test_films_of_a_batch_alias_along_one_axis():
    masks, images = lines((16, 16)), torch.randn(2, 3, 16, 16, dtype=torch.complex64)
    both = Acquisition.simulate(images, torch.stack((masks, masks.mT)), axes=FILM)
    crnn = CRNN(**SMALL)
    with pytest.raises(UserError, match="along different axes"):
        dealias.reconstruct(crnn, both, batch=2)
    alone = torch.stack([dealias.reconstruct(crnn, both[0]), dealias.reconstruct(crnn, both[1])])
    assert_close(dealias.reconstruct(crnn, both), alone, 1e-6, "one at a time")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("frames", [2, 5])
def test_all_units_run_both_ways_on_any_number_of_frames(cell, frames):
    """In a film played backwards each direction of time sees what the other saw."""
    crnn = CRNN(**SMALL, cell=cell)
    problem = series(frames=frames, shape=(9, 14))
    back = Acquisition(problem.kspace.flip(0), problem.mask.flip(0), axes=FILM)
    with torch.no_grad():
        x = list(crnn.estimates(problem))[-1]
        crnn.over_time.bias.copy_(crnn.over_time.bias.flip(0))
        assert_close(list(crnn.estimates(back))[-1].flip(0), x, 1e-5, "backwards")
        last = list(CRNN(**SMALL, cell=cell).estimates(problem))[-1]
    assert torch.isfinite(last.abs()).all() and last.abs().max() < 100


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_of_all_frames_at_once_is_that_of_the_equations(cell):
    crnn = CRNN(features=2, iterations=2, cell=cell).double()
    problem = series(frames=3, shape=(5, 6)).to(dtype=torch.float64)
    weight = crnn.over_time.time.weight
    loss = list(crnn.estimates(problem))[-1].abs().square().sum()
    (slope,) = torch.autograd.grad(loss, weight)
    steepest, step = slope / slope.norm(), 1e-4
    with torch.no_grad():
        ends = []
        for part in (step, -2 * step):
            weight += part * steepest
            ends.append(float(list(crnn.estimates(problem))[-1].abs().square().sum()))
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(float(slope.norm()), rel=1e-3)


def test_more_iterations_at_run_time_go_on_from_fewer():
    crnn, problem = CRNN(**SMALL), series()
    with torch.no_grad():
        few = list(crnn.estimates(problem))
        crnn.iterations = 5
        many = list(crnn.estimates(problem))
    assert len(many) == 5
    assert torch.equal(few[-1], many[2])


@pytest.mark.parametrize("weight", [None, 3.0])
def test_many_coils_obey_their_data_through_their_maps(weight):
    problem = series(coils=3)
    crnn = CRNN(**SMALL, data_weight=weight, conjugate_gradients=60)
    with torch.no_grad():
        free, bound = (list(crnn.estimates(problem))[0] for crnn.data_weight in (0.0, weight))
    left, was = (problem.operator(x) - problem.data for x in (bound, free))
    if weight is None:
        left, was = (problem.operator.adjoint(value) for value in (left, was))
        assert left.norm() < 0.02 * was.norm()
    else:  # z - x + weight A^H (A z - y) = 0
        assert_close(bound - free, -weight * problem.operator.adjoint(left), 1e-4, "the normal equations")


@pytest.mark.parametrize("batch", [(), (1,)])
def test_a_single_frame_is_one_clear_line(batch):
    problem = film(batch=batch, coils=1)
    with pytest.raises(UserError, match="film") as caught:
        dealias.reconstruct(CRNN(**SMALL), problem)
    assert "\n" not in str(caught.value)


def test_weights_of_another_scale_say_so():
    problem = series()
    loud = problem.scaled(torch.full((1, 1, 1), 1e3))
    crnn = CRNN(**SMALL, authors_conventions=True)
    with torch.no_grad():
        assert_close(crnn(problem), list(crnn.estimates(problem))[-1], 1e-6, "as it is")
        with pytest.warns(Note, match="this one has 1e\\+03: scaled"):
            assert_close(crnn(loud), 1e3 * crnn(problem), 1e-4, "scaled")


def test_what_cannot_be():
    with pytest.raises(UserError, match="features"):
        CRNN(features=0)
    with pytest.raises(UserError, match="data_weight"):
        CRNN(data_weight=-1.0)


def test_with_motion_the_network_sees_each_frame_between_its_neighbours_moved_onto_it():
    seen = []
    crnn, problem = CRNN(**SMALL, motion=True), series(frames=5, batch=(2,))
    crnn.over_time.input.register_forward_hook(lambda _, given, made: seen.append(given[0]))
    with torch.no_grad():
        torch.nn.init.normal_(crnn.motion.layers[-1].weight)
        first = next(crnn.estimates(problem))
        frames = problem.zero_filled.transpose(0, 1)
        wanted = torch.cat([torch.view_as_real(x) for x in (frames, *crnn.motion(frames))], -1)
    assert_close(torch.cat(seen).unflatten(0, (5, 2)).movedim(2, -1), wanted, 1e-6, "two films")
    assert first.shape == problem.shape


def test_neighbours_that_weigh_nothing_change_nothing():
    """So a trained CRNN can be trained on with motion."""
    plain, with_motion = CRNN(**SMALL), CRNN(**SMALL, motion=True)
    state = plain.state_dict()
    weight = state["over_time.input.weight"]
    state["over_time.input.weight"] = torch.cat((weight, torch.zeros_like(weight).repeat(1, 2, 1, 1)), 1)
    missing, unexpected = with_motion.load_state_dict(state, strict=False)
    assert not unexpected and all(name.startswith("motion.") for name in missing)
    with torch.no_grad():
        for a, b in zip(with_motion.estimates(series()), plain.estimates(series()), strict=True):
            assert_close(a, b, 1e-5, "one iteration")


@pytest.mark.parametrize("motion", [False, True])
def test_overfits_one_film(motion):
    y, x = torch.linspace(-1, 1, 12)[:, None], torch.linspace(-1, 1, 12)
    image = torch.stack([torch.polar((y.square() + x.square() < 0.3 + 0.1 * t).float() + 0.1, y - x) for t in range(4)])
    mask = torch.rand(4, 1, 1, 12) < 0.5
    problem, scale = Acquisition.simulate(image, mask, axes=FILM).normalised()
    crnn = CRNN(features=8, iterations=3, motion=motion)
    optimiser = torch.optim.Adam(crnn.parameters(), lr=3e-3)
    first = (problem.zero_filled - image / scale).abs().square().mean()
    for _ in range(50):
        loss = (list(crnn.estimates(problem))[-1] - image / scale).abs().square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.3 * first
