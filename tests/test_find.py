"""The file name is the name."""

import inspect

import pytest

from dealias import find, sampling
from dealias.errors import UserError
from dealias.method import Method
from dealias.methods.rim import RIM


def test_every_mask_is_exported_and_is_a_function():
    for name in find.names("sampling"):
        assert inspect.isfunction(find.mask(name)), f"sampling/__init__ must import {name}"
        assert find.mask(name) is getattr(sampling, name)
        assert find.mask(name).__module__ == f"dealias.sampling.{name}"
        assert {"shape", "acceleration", "generator"} <= inspect.signature(find.mask(name)).parameters.keys()


def test_every_method_is_the_one_class_of_its_file():
    for name in find.names("methods"):
        assert issubclass(find.method(name), Method)
        assert find.method(name).__module__ == f"dealias.methods.{name}"


def test_methods_and_masks_have_different_names():
    assert not {*find.names("methods")} & {*find.names("sampling")}


def test_dotted_paths():
    assert find.method("dealias.methods.rim.RIM") is RIM


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rimm", "did you mean rim"),
        ("qqqqq", "known: "),
        ("os.system", "not a method"),
        ("dealias.Method", "not a method"),
        ("builtins.int", "not a method"),
        ("dealias.methods.rim.Rim", "not a method"),
        ("no_such_package.Method", "cannot be imported"),
        (".rim", "cannot be imported"),
        ("..", "cannot be imported"),
        ("rim.", "cannot be imported"),
        ("", "unknown"),
        ("_random_mask", "unknown"),
        ("__init__", "unknown"),
    ],
)
def test_what_is_no_method(name, text):
    with pytest.raises(UserError, match=text) as caught:
        find.method(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gausian", "", "_random_mask", "os.system"])
def test_what_is_no_mask(name):
    with pytest.raises(UserError, match="unknown"):
        find.mask(name)
