"""Which chunks are left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsm_sim.errors import DescriptionError
from lsm_sim.streams.batches import Chunk
from lsm_sim.streams.chunk_folder import ChunkFolder


def unfinished(source: Iterator[Chunk], folder: ChunkFolder, advance: Callable[[int], None]) -> Iterator[Chunk]:
    """Yield the chunks that are not finished, after comparing the others with what was there before."""
    first = 0
    for record in folder.finished[:]:
        chunk = next(source, None)
        if chunk is None or chunk.digest != record["input"]:
            raise DescriptionError(
                f"{folder.path}: the samples from {first} on are not those of the run to be resumed; give the same samples in the "
                "same order, or choose another folder"
            )
        first += len(chunk)
        advance(len(chunk))
    if not folder.complete:
        yield from source
    elif next(source, None) is not None:
        raise DescriptionError(f"{folder.path}: is complete, but there are more samples; choose another folder")
