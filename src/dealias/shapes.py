"""The tensors of the field as types: the tests check them, a user's run pays nothing.

Coils are axis -3 of k-space, time is axis -4 of k-space and -3 of an image; leading axes are batch axes.
A mask has as many axes as its k-space, of size 1 where it is shared.
"""

from typing import TypeAlias

from jaxtyping import Bool, Complex, Inexact
from torch import Tensor

IMAGE, FILM = ("y", "x"), ("time", "y", "x")  # the axes of most problems, by their names

Image: TypeAlias = Inexact[Tensor, "*batch y x"]
Volume: TypeAlias = Inexact[Tensor, "*batch z y x"]
EchoVolumes: TypeAlias = Inexact[Tensor, "echo z y x"]
Region: TypeAlias = Bool[Tensor, "*batch z y x"]
Kspace: TypeAlias = Complex[Tensor, "*batch coil y x"]
Maps: TypeAlias = Complex[Tensor, "... coil y x"]
Sets: TypeAlias = Inexact[Tensor, "*batch set y x"]
SetsOfMaps: TypeAlias = Complex[Tensor, "... set coil y x"]
Mask: TypeAlias = Bool[Tensor, "... 1 #y #x"]
Channels: TypeAlias = Inexact[Tensor, "problem _ *space"]
Pattern: TypeAlias = Bool[Tensor, "y x"]
