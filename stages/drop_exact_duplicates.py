"""Drop records whose question was asked before, letter for letter but for case, punctuation and white space.

Instruction -> Instruction (or Example -> Example). The smallest id stays, whatever the parts: the result does
not depend on sharding. Memory in `decide`: about 130 bytes a record.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from pipeline.records import Instruction
from pipeline.stage import DatasetStage, Reject, verdicts
from pipeline.text import normalised


@dataclass(frozen=True, kw_only=True)
class DropExactDuplicates(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 1

    def sketch(self, instructions: Sequence[Instruction]) -> pa.Table:
        hashes = [_hash128(normalised(instruction.question)) for instruction in instructions]
        ids = [instruction.id for instruction in instructions]
        return pa.table({"id": pa.array(ids, pa.string()), "hash": pa.array(hashes, pa.binary(16))})

    def decide(self, sketches: pa.Table) -> pa.Table:
        first = sketches.group_by("hash").aggregate([("id", "min")])
        stays = dict(zip(first["hash"].to_pylist(), first["id_min"].to_pylist(), strict=True))
        pairs = zip(sketches["id"].to_pylist(), sketches["hash"].to_pylist(), strict=True)
        return verdicts(
            [
                (key, Reject("exact_duplicate", twin=stays[value]))
                for key, value in pairs
                if stays[value] != key
            ]
        )


def _hash128(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
