"""What a training minimises: each file is one loss, its name the file's, a function of (estimates, example).

The RIM papers minimise `squared_error`. `log_squared_error`, our default, lets easy and hard problems weigh alike,
and learned faster in a trial of both.
"""

from collections.abc import Callable, Iterable

from torch import Tensor

from dealias.shapes import Image
from dealias.training.example import Example
from dealias.training.losses.held_out import held_out as held_out
from dealias.training.losses.last_squared_error import last_squared_error as last_squared_error
from dealias.training.losses.log_squared_error import log_squared_error as log_squared_error
from dealias.training.losses.magnitude_error import magnitude_error as magnitude_error
from dealias.training.losses.measured import measured as measured
from dealias.training.losses.referenced_error import referenced_error as referenced_error
from dealias.training.losses.squared_error import squared_error as squared_error
from dealias.training.losses.ssim import ssim as ssim
from dealias.training.losses.sure import sure as sure

Loss = Callable[[Iterable[Image], Example], Tensor]
