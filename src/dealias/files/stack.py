"""Slices that come some at a time, are worked on, and go: memory follows the slice, not the file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from os import PathLike
from typing import Any, Generic, TypeVar

from dealias.files.heard import Heard
from dealias.files.slice_ranges import ranges
from dealias.files.wanted import Wanted

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Stack(Generic[T]):
    """What there is of some slices, then of the next ones; iterated again, they come again.

    Arguments:
        read: makes a part of the slices at a place, as `dealias.open` takes them.
        places: of the parts, one after the other.
        slices: how many all parts have together, along their first axis; None where there is one part, of any axes.
        heard: what was noted of the parts.
    """

    read: Callable[[Any], T]
    places: Sequence[Any]
    slices: int | None = None
    heard: Heard = field(default_factory=Heard)

    @classmethod
    def of(
        cls, path: str | PathLike[str], named: Mapping[str, Any], read: Callable[..., T], least: int = 1
    ) -> "Stack[T]":
        """Return what is read of a file, of a large one some slices at a time.

        Arguments:
            named: the options of `dealias.open`, and the slices that are wanted.
            read: takes these.
            least: slices to read at once.

        Raises:
            UserError: where not even one part would fit into the memory that is free.
        """
        places = ranges(path, Wanted(**named), least)
        if not places:
            return cls.once(partial(read, **named), named.get("slices"))
        count = len(range(places[0].start, places[-1].stop, places[0].step))
        return cls(lambda place: read(**{**named, "slices": place}), places, count)

    @classmethod
    def one(cls, part: T) -> "Stack[T]":
        """Return one part that is there already."""
        return cls(lambda _: part, [None])

    @classmethod
    def once(cls, make: Callable[[], T], place: Any = None) -> "Stack[T]":
        """Return one part, which is made when it is first asked for, and kept."""
        return cls(lambda _: make(), [place]).kept()

    def __iter__(self) -> Iterator[T]:
        """Yield the parts, and tell at the end what was noted; of a single one at once, unless it was made before."""
        if len(self.places) == 1 and not self.heard.notes:
            yield self.read(self.places[0])
            return
        for place in self.places:
            held = self._heard(place, self.read)
            yield held.pop()  # nothing here keeps it while the next one is made
        self.heard.tell()

    def map(self, work: Callable[[T], U]) -> "Stack[U]":
        """Return what is made of each part."""
        return replace(self, read=lambda place: work(self.read(place)))  # type: ignore[arg-type, return-value]

    def with_places(self) -> "Stack[tuple[Any, T]]":
        """Return each part with its place."""
        return replace(self, read=lambda place: (place, self.read(place)))  # type: ignore[arg-type, return-value]

    def kept(self) -> "Stack[T]":
        """Return the stack, which makes a single part once and keeps it."""
        if len(self.places) > 1:
            return self
        made = cache(partial(self.read, self.places[0]))
        return replace(self, read=lambda _: made())

    def ahead(self, work: Callable[[T], U]) -> list[U]:
        """Return what work finds in every part, before they come again; what is noted is told then."""
        return [self._heard(place, lambda place: work(self.read(place))).pop() for place in self.places]

    def first(self) -> T:
        """Return the first part, before all come."""
        return self._heard(self.places[0], self.read).pop()

    def shape(self, part: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of all parts together, by that of one."""
        return tuple(part) if self.slices is None else (self.slices, *part[1:])

    def _heard(self, place: Any, work: Callable[[Any], U]) -> list[U]:
        try:
            with self.heard.of(place):
                return [work(place)]
        except Exception:
            self.heard.tell()
            raise


class _MakingError(Exception):
    """Carries an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


@contextmanager
def to_write(stack: Stack[T]) -> Iterator[Stack[T]]:
    """Give a stack to whoever writes it: an error in the making of its parts comes out as it is, not as the disk's."""

    def read(place: Any) -> T:
        try:
            return stack.read(place)
        except Exception as error:
            raise _MakingError(error) from error

    found = None
    try:
        yield replace(stack, read=read)
    except _MakingError as carrier:
        found = carrier.error
    if found is not None:
        raise found
