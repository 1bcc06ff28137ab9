"""3D CNN and 3D CNN-S: a film by cascaded convolutions over space and time, without memory.

    x^(i) = argmin_z ||z - x_cnn||^2 + lambda_0 ||A z - y||^2,  x_cnn = x^(i-1) + CNN_i(x^(i-1)),  x^(0) = A^H y

| A Deep Cascade of Convolutional Neural Networks for Dynamic MR Image Reconstruction (Schlemper et al., 2018)
| https://arxiv.org/abs/1704.02422
| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019), section IV
| https://arxiv.org/abs/1712.01751

CNN is five 3x3x3 convolutions with ReLU between them. 3D CNN-S is one for all ten iterations, 338,946 parameters;
3D CNN has one for each, 3,389,460. A film whose lines lie along x is turned: those of training lie along y.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from dealias.errors import UserError
from dealias.method import Method
from dealias.methods._aliasing_axis import turn_to_alias_along
from dealias.methods._checks import check_weight
from dealias.methods._data_consistency import data_consistency
from dealias.networks.channels import check_channels, check_sizes, to_channels, to_image
from dealias.networks.recurrent_units import initialise
from dealias.problem import Problem


class CNN3D(Method):
    """The film of the last iteration; any number of frames and pixels.

    Arguments:
        features: channels of the inner convolutions.
        iterations: any number at run time where the weights are shared, at most these where not.
        shared: one set of weights for all iterations (3D CNN-S), or one for each (3D CNN).
        channels: real channels of an image: 2 where it is complex, 1 where it is real.
        data_weight: lambda_0, how much a measured sample outweighs the network's; None is infinite: it stays.
        conjugate_gradients: iterations by which many coils are made to obey the data.
    """

    joint = ("time",)

    def __init__(
        self,
        features: int = 64,
        iterations: int = 10,
        shared: bool = True,
        channels: int = 2,
        data_weight: float | None = None,
        conjugate_gradients: int = 5,
    ) -> None:
        super().__init__()
        check_sizes(features=features, iterations=iterations, channels=channels)
        check_weight(data_weight)
        self.iterations = iterations
        self.shared = shared
        self.channels = channels
        self.data_weight = data_weight
        self.conjugate_gradients = conjugate_gradients
        self.blocks = nn.ModuleList(_block(channels, features) for _ in range(1 if shared else iterations))

    def estimates(self, problem: Problem) -> Iterator[Tensor]:
        """Yield one film per iteration.

        Raises:
            UserError: for more iterations than there are weights, or a single frame.
        """
        if not self.shared and self.iterations > len(self.blocks):
            raise UserError(
                f"{self.iterations} iterations need as many sets of weights, and there are {len(self.blocks)}; "
                "ask for fewer, or share the weights"
            )
        problem, other = turn_to_alias_along(problem, -1)
        x = problem.zero_filled
        check_channels(x, self.channels)
        for i in range(self.iterations):
            update = self.blocks[0 if self.shared else i](to_channels(x, dimensions=3))
            x = data_consistency(problem, x + to_image(update, x), self.data_weight, self.conjugate_gradients)
            yield x.mT if other else x


def _block(channels: int, features: int) -> nn.Sequential:
    sizes = [channels, features, features, features, features, channels]
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        convolution = nn.Conv3d(inputs, outputs, 3, padding=1)
        initialise(convolution)
        layers += [convolution, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1]).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
