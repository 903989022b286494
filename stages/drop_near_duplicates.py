"""Drop records whose question shares most of its word 2-grams with one that stays.

Instruction -> Instruction (or Example -> Example). MinHash in bands finds candidates, exact Jaccard
similarity of the 2-grams decides, and a record goes only for one that stays: there is no chain of
likenesses. Records are taken in the order of their ids, so the result does not depend on sharding.
Source: Broder 1997; Leskovec et al., Mining of Massive Datasets, chapter 3. With 32 bands of 4 rows a pair
of similarity 0.5 becomes a candidate with probability 0.87, of 0.7 with 0.9999. Memory in `decide`: about 8
bytes a 2-gram and 600 bytes a record.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from pipeline.records import Instruction
from pipeline.stage import DatasetStage, Reject, verdicts
from pipeline.text import ngrams, words

BANDS, ROWS = 32, 4
N = 2  # words a shingle: of short rows with a fifth of their words changed, longer ones rarely meet
SEED = 0
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class DropNearDuplicates(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1

    min_similarity: Annotated[float, Field(gt=0, le=1)] = 0.6  # Jaccard of the questions' word 2-grams

    def sketch(self, instructions: Sequence[Instruction]) -> pa.Table:
        shingles = [_shingles(instruction.question) for instruction in instructions]
        ids = [instruction.id for instruction in instructions]
        return pa.table(
            {"id": pa.array(ids, pa.string()), "shingles": pa.array(shingles, pa.list_(pa.uint64()))}
        )

    def decide(self, sketches: pa.Table) -> pa.Table:
        ordered = sketches.sort_by("id")
        ids = ordered["id"].to_pylist()
        shingles = [np.asarray(row, np.uint64) for row in ordered["shingles"].to_pylist()]
        buckets: dict[tuple[int, bytes], list[int]] = {}  # of records that stay
        rejects = []
        for place, own in enumerate(shingles):
            bands = list(_bands(own))
            candidates = sorted({other for band in bands for other in buckets.get(band, ())})
            likeness = [(_jaccard(own, shingles[other]), other) for other in candidates]
            best, twin = max(likeness, default=(0.0, -1), key=lambda pair: (pair[0], -pair[1]))
            if best >= self.min_similarity:
                found = Reject(
                    "near_duplicate", got=round(best, 3), limit=self.min_similarity, twin=ids[twin]
                )
                rejects.append((ids[place], found))
                continue
            for band in bands:
                buckets.setdefault(band, []).append(place)
        return verdicts(rejects)


def _shingles(text: str) -> list[int]:
    items = words(text)
    grams = ngrams(items, N) or set(items)
    hashes = (hashlib.blake2b(gram.encode(), digest_size=8).digest() for gram in grams)
    return sorted(int.from_bytes(value) for value in hashes)


def _bands(shingles: Hashes) -> Iterator[tuple[int, bytes]]:
    """The keys of the record's bands: (band, its MinHash values)."""
    if len(shingles) == 0:
        return
    # h(x) = (a xor x) * b mod 2^64 over 64-bit words: no division, and close enough to min-wise for
    # candidates.
    signature = ((shingles[:, None] ^ _XORS) * _FACTORS).min(axis=0)
    for band in range(BANDS):
        yield band, signature[band * ROWS : (band + 1) * ROWS].tobytes()


def _permutations() -> tuple[Hashes, Hashes]:
    rng = np.random.default_rng(SEED)
    top = np.iinfo(np.uint64).max
    factors = rng.integers(0, top, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
    return rng.integers(0, top, BANDS * ROWS, dtype=np.uint64), factors


_XORS, _FACTORS = _permutations()


def _jaccard(a: Hashes, b: Hashes) -> float:
    shared = len(np.intersect1d(a, b, assume_unique=True))
    union = len(a) + len(b) - shared
    return shared / union if union else 0.0
