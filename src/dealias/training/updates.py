"""The example of every update, drawn in processes of their own while the network learns.

Update i draws from a generator seeded by (seed, i), whoever draws it, so that a training that was killed goes on as
if it had not been.
"""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from dealias.training.example import Example
from dealias.training.source import Source


@dataclass(frozen=True)
class Updates(Dataset[Example]):
    """What one of several processes that learn together sees at each update.

    Arguments:
        held: share of the samples that are kept from the method.
        processes: how many learn together.
        rank: which of them this is.
    """

    source: Source
    seed: int
    held: float = 0.0
    processes: int = 1
    rank: int = 0

    def __getitem__(self, update: int) -> Example:
        """Return the example of an update."""
        # processes that wait for each other should work on crops of one size
        size = self.source.size(_generator(self.seed, update))
        number = update * self.processes + self.rank
        generator = _generator(self.seed + 1, number)
        with _one_thread():
            example = replace(self.source.examples(size, generator), number=number)
            return example.holding(self.held, generator) if self.held else example

    def loader(self, first: int, count: int, workers: int) -> DataLoader[Example]:
        """Return the examples from the first update on that is still to do, of so many in all."""
        # where the system can, workers see the images of this process and hold none themselves
        fork = workers > 0 and "fork" in multiprocessing.get_all_start_methods()
        return DataLoader(
            self,
            batch_size=None,
            sampler=Remaining(first, count),
            num_workers=workers,
            multiprocessing_context="fork" if fork else None,
        )


class Remaining(Sampler[int]):
    """The numbers of the updates that are still to do; its length counts those that are done, too."""

    def __init__(self, first: int, count: int) -> None:
        self.first, self.count = first, count

    def __iter__(self) -> Iterator[int]:
        """Return the numbers in order."""
        return iter(range(self.first, self.count))

    def __len__(self) -> int:
        """Return how many there are in all."""
        return self.count


@contextmanager
def _one_thread() -> Iterator[None]:
    """Draw as a worker does: sums over several threads round otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _generator(seed: int, index: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 1_000_000_007 + index)
