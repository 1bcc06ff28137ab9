"""What is the same for all methods."""

import numpy as np
import pytest
import torch

import dealias
from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.method import Method
from dealias.methods.rim import RIM
from dealias.methods.sense import Sense
from dealias.methods.wavelet import Wavelet
from dealias.methods.zero_filled import ZeroFilled
from dealias.phantoms import head
from dealias.testing import assert_close
from problems import coil_maps, film


class Spy(Method):
    """Notes what it is given."""

    def __init__(self, iterations: int = 2) -> None:
        super().__init__()
        self.iterations = iterations
        self.seen: list = []

    def estimates(self, problem):
        for _ in range(self.iterations):
            autocast = torch.is_autocast_enabled("cpu")
            self.seen.append((tuple(problem.shape), problem.data.dtype, torch.is_grad_enabled(), autocast))
            yield problem.zero_filled


class FilmSpy(Spy):
    joint = ("time",)


def rim():
    torch.manual_seed(0)
    return RIM(features=8, iterations=2)


@pytest.mark.parametrize("method", [rim(), Wavelet(5), Sense(5)])
def test_batches_agree(method):
    problem = film(batch=(2, 3))
    wanted = dealias.reconstruct(method, problem)
    for batch in (2, 4, 6, 100):
        assert_close(dealias.reconstruct(method, problem, batch=batch), wanted, 1e-5, f"batch {batch}")


def test_what_a_method_is_given():
    spy = Spy()
    dealias.reconstruct(spy, film(batch=(2, 3)), batch=4)
    assert [entry[0] for entry in spy.seen] == [(4, 19, 24)] * 2 + [(2, 19, 24)] * 2
    films = FilmSpy()
    dealias.reconstruct(films, film(batch=(2, 3), axes=("time", "y", "x")))
    assert {entry[0] for entry in films.seen} == {(1, 3, 19, 24)}
    for other in (film(batch=()), film(batch=(3,)), film(batch=(1,), axes=("time", "y", "x"))):
        with pytest.raises(UserError, match="FilmSpy needs a film of two frames or more.* --axes 'time coil y x'"):
            dealias.reconstruct(films, other)
        with pytest.raises(UserError, match="FilmSpy needs a film"):
            films(other)


def test_a_film_does_not_flicker():
    problem = film(batch=(3,), axes=("time", "y", "x"))
    assert_close(dealias.reconstruct(ZeroFilled(), problem), problem.zero_filled, 1e-6, "one scale")


@pytest.mark.parametrize(
    ("precision", "data", "image", "autocast"),
    [
        ("float32", torch.complex64, torch.complex64, False),
        ("float64", torch.complex128, torch.complex128, False),
        ("bfloat16", torch.complex64, torch.complex64, True),
    ],
)
def test_precision(precision, data, image, autocast):
    spy = Spy()
    assert dealias.reconstruct(spy, film(batch=()), precision=precision).dtype == image
    assert spy.seen[0][1:] == (data, False, autocast)
    assert not torch.is_autocast_enabled("cpu")
    network = rim()
    exact = dealias.reconstruct(network, film(), precision="float64")
    assert_close(dealias.reconstruct(network, film(), precision=precision).to(exact), exact, 0.03, precision)
    assert next(network.parameters()).dtype == torch.float32


def test_nothing_leaks_into_the_loop_of_the_user():
    for x in dealias.iterate(Spy(), film(), precision="bfloat16"):
        assert torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
        assert not x.requires_grad
    for x in dealias.iterate(rim(), film()):
        assert torch.is_grad_enabled() and not x.requires_grad and not x.is_inference()


def test_more_iterations_leave_the_method_as_it_was():
    network = rim()
    assert len(list(dealias.iterate(network, film(), iterations=5))) == 5
    assert network.iterations == 2
    with pytest.raises(UserError, match="iterations"):
        dealias.reconstruct(network, film(), iterations=0)
    with pytest.raises(UserError, match="iterations"):
        dealias.reconstruct(Wavelet(iterations=-1), film())


def test_reconstruct_is_the_last_of_iterate():
    problem = film(batch=(2,))
    assert_close(dealias.reconstruct(Sense(4), problem), list(dealias.iterate(Sense(4), problem))[-1], 1e-6, "last")


def test_maps():
    problem = film(coils=3)
    bare = problem.with_maps(None)
    wanted = dealias.reconstruct("sense", problem)
    assert_close(dealias.reconstruct("sense", bare, maps=coil_maps(3, 19, 24)), wanted, 1e-6, "given maps")
    with pytest.raises(UserError, match="3 coils and no maps"):
        dealias.reconstruct("sense", problem, maps=None)
    with pytest.raises(UserError, match="fully sampled centre"):
        dealias.reconstruct("sense", bare)
    with pytest.raises(UserError, match="2 coils"):
        dealias.reconstruct("sense", bare, maps=coil_maps(2, 19, 24))


def test_maps_are_no_file_and_no_word(untyped):
    with pytest.raises(UserError, match="maps cannot be 'none'; give a tensor, None"):
        dealias.reconstruct("sense", film(coils=3), maps="none")


def test_maps_by_themselves():
    scan = Acquisition.simulate(head((32, 36)), torch.ones(32, 36), coil_maps(3, 32, 36))
    bare = scan.with_maps(None)
    with pytest.warns(Note, match="estimated by ESPIRiT"):
        image = dealias.reconstruct("sense", bare)
    assert_close(image, bare.with_maps(dealias.espirit(bare)).zero_filled, 1e-4, "ESPIRiT's maps")
    with pytest.warns(Note, match="estimated by ESPIRiT"):
        list(dealias.iterate("zero_filled", bare))


def test_what_no_coil_sees_is_zero():
    problem = film(batch=(2, 2), coils=3, axes=("time", "y", "x"))
    maps = problem.maps.clone()
    maps[..., :5] = 0
    for image in dealias.iterate(rim(), problem.with_maps(maps)):
        assert not image[..., :5].any() and image[..., 5:].all()


def test_by_name_and_mistakes():
    problem = film(batch=())
    assert_close(dealias.reconstruct("zero_filled", problem), problem.zero_filled, 1e-6, "by name")
    with pytest.raises(UserError, match="did you mean zero_filled"):
        dealias.reconstruct("zerofilled", problem)
    with pytest.raises(UserError, match="batch of 0"):
        dealias.reconstruct("zero_filled", problem, batch=0)


def test_the_bar_is_on_stderr_and_only_when_asked(capfd):
    dealias.reconstruct(Spy(), film())
    assert capfd.readouterr() == ("", "")
    dealias.reconstruct(Spy(), film(), progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "/8" in err


def test_a_file_or_an_array_will_do(tmp_path):
    image = head((32, 40))
    scan = dealias.Acquisition.simulate(image, torch.ones(40))
    dealias.write(tmp_path / "scan.h5", scan)
    array = scan.centred_kspace.numpy()
    for given in (tmp_path / "scan.h5", str(tmp_path / "scan.h5"), array, torch.from_numpy(array)):
        assert_close(dealias.reconstruct(ZeroFilled(), given).squeeze(), image, 1e-5, "whatever it was given")
        (x,) = dealias.iterate(ZeroFilled(), given)
        assert_close(x.squeeze(), image, 1e-5, "likewise")
    for wrong, text in (
        (
            [tmp_path / "scan.h5"] * 2,
            r"several scans; reconstruct each: \[dealias.reconstruct\(method, s\) for s in scans\]",
        ),
        (np.fft.ifftshift(array, axes=(-2, -1)), "k-space is not centred.*numpy.fft.fftshift"),
        (image.numpy(), "holds images, not k-space; dealias.Acquisition.simulate"),
        (tmp_path / "none.h5", "does not exist"),
    ):
        with pytest.raises(UserError, match=text):
            dealias.reconstruct(ZeroFilled(), wrong)


def test_matlabs_usual_transform_is_recognised():
    kspace = np.fft.fftshift(np.fft.fft2(head((32, 40)).numpy()))
    with pytest.warns(Note, match=r"body lies at the corners.*fftshift\(fft2\(ifftshift\(x\)\)\)"):
        dealias.reconstruct(ZeroFilled(), kspace)
