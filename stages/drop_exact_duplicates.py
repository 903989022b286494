"""Drop records that say, letter for letter but for case, punctuation and white space, what another says.

Instruction -> Instruction, by the question; Example -> Example, by question and answer. What is compared are
the words of the text (see `pipeline.text.words`: Unicode NFKC, case folded), by a 128-bit hash. The smallest
id stays, whatever the parts: the result does not depend on sharding. Memory in `decide`: about 130 bytes a
record.
"""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.records import Instruction
from pipeline.stage import DatasetStage, Decision, Each, verdicts
from pipeline.word_hashes import hashed

TEXTS = ("question", "answer")


@dataclass(frozen=True, kw_only=True)
class DropExactDuplicates(DatasetStage):
    reads: ClassVar[type] = Instruction
    writes: ClassVar[type] = Instruction
    version: ClassVar[int] = 2  # 2: of examples, the answer counts too; operators before digits are words

    def sketch(self, rows: pa.Table) -> pa.Table:
        hashes = [hashed(rows[name]).cast(pa.binary()) for name in TEXTS if name in rows.column_names]
        return pa.table({"id": rows["id"], "hash": pc.binary_join_element_wise(*hashes, b"")})

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        first = sketches.group_by("hash").aggregate([("id", "min")])
        stays = first["id_min"].take(pc.index_in(sketches["hash"], first["hash"]))
        goes = pc.not_equal(stays, sketches["id"])
        return Decision(verdicts(sketches["id"].filter(goes), "exact_duplicate", twin=stays.filter(goes)))
