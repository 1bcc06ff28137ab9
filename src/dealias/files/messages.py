"""Messages between a process and its child: pickled, arrays beside them and never copied."""

import pickle
from typing import Any, BinaryIO


def send(stream: BinaryIO, message: Any) -> None:
    """Write a message, and flush it."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    sizes = [len(body), *(raw.nbytes for raw in raws)]
    stream.write(len(sizes).to_bytes(4, "little") + b"".join(size.to_bytes(8, "little") for size in sizes))
    stream.write(body)
    for raw in raws:
        stream.write(raw)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Return the next message.

    Raises:
        EOFError: where the other side ended.
    """
    count = int.from_bytes(_exactly(stream, 4), "little")
    sizes = [int.from_bytes(_exactly(stream, 8), "little") for _ in range(count)]
    body, *buffers = (_exactly(stream, size) for size in sizes)
    return pickle.loads(body, buffers=buffers)


def _exactly(stream: BinaryIO, size: int) -> bytearray:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        done += count
    return data
