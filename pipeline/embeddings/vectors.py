"""Embeddings as a record keeps them, base64 of 16-bit floats at unit length, and as numbers."""

import base64

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.embeddings.clusters import BLOCK, Vectors, unit
from pipeline.errors import PipelineError

HALF = np.dtype("<f2")


def packed(vector: NDArray[np.float32]) -> str:
    """The vector at unit length as text: 2.7 characters a dimension."""
    return base64.b64encode(unit(vector[None])[0].astype(HALF).tobytes()).decode()


def unpacked(texts: pa.ChunkedArray) -> pa.FixedSizeListArray:
    """The vectors, float16. Raises PipelineError when they are missing or of several lengths."""
    found = [base64.b64decode(text) for text in texts.to_pylist()]
    lengths = {len(one) for one in found}
    if len(lengths) > 1 or lengths == {0}:
        sizes = ", ".join(f"{size // HALF.itemsize}" for size in sorted(lengths))
        raise PipelineError(
            f"records must have embeddings of one length, but they have {sizes} dimensions; put an "
            "EmbedQuestions step, of one model, before this one"
        )
    size = max(lengths.pop() // HALF.itemsize if lengths else 1, 1)
    return pa.FixedSizeListArray.from_arrays(np.frombuffer(b"".join(found), HALF), size)


def as_matrix(vectors: pa.ChunkedArray) -> Vectors:
    """Shape (rows, dimensions), float32, of unit length."""
    found = np.empty((len(vectors), vectors.type.list_size), np.float32)
    for start in range(0, len(vectors), BLOCK):  # no second copy of all
        piece = vectors.slice(start, BLOCK).combine_chunks()
        numbers = piece.flatten().to_numpy(zero_copy_only=False)
        found[start : start + BLOCK] = unit(numbers.reshape(len(piece), found.shape[1]).astype(np.float32))
    return found
