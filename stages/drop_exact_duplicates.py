"""Drop records that say, letter for letter but for case, punctuation and white space, what another says.

Instruction -> Instruction, by the question and the passage that it shows; Example -> Example, by the answer
too; Chunk and Passage by their text. What is compared are the words of the text (see `pipeline.text.words`:
Unicode NFKC, case folded), by a 128-bit hash. The smallest id stays, unless an earlier dataset has the text,
whatever the parts: the result does not depend on sharding. Memory in `decide`: about 130 bytes a record.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dedup.earlier import with_earlier
from pipeline.dedup.families import passages
from pipeline.dedup.word_hashes import hashed
from pipeline.records import Worded
from pipeline.stage import DatasetStage, Decision, Each, verdicts

TEXTS = ("question", "answer", "text")


@dataclass(frozen=True, kw_only=True)
class DropExactDuplicates(DatasetStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 5  # 5: signs that are spoken of tell texts apart; 4: symbols

    earlier: tuple[
        Path, ...
    ] = ()  # sketches of earlier datasets (pipeline/dedup/earlier.py); the recipe's own

    def sketch(self, rows: pa.Table) -> pa.Table:
        hashes = [hashed(rows[name]).cast(pa.binary()) for name in TEXTS if name in rows.column_names]
        shown = passages(rows)
        if shown.any():
            hashes.append(pa.array([number.tobytes() if number else b"" for number in shown], pa.binary()))
        return pa.table({"id": rows["id"], "hash": pc.binary_join_element_wise(*hashes, b"")})

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        whole, n_earlier = with_earlier(self.earlier, sketches)
        earlier, own = whole.slice(0, n_earlier), whole.slice(n_earlier)
        known = own.filter(pc.is_in(own["hash"], value_set=earlier["hash"]))
        twins = earlier["id"].take(pc.index_in(known["hash"], value_set=earlier["hash"]))
        new = own.filter(pc.invert(pc.is_in(own["hash"], value_set=earlier["hash"])))
        first = new.group_by("hash").aggregate([("id", "min")])
        stays = first["id_min"].take(pc.index_in(new["hash"], value_set=first["hash"]))
        goes = pc.not_equal(stays, new["id"])
        tables = [
            verdicts(known["id"], "exact_duplicate_of_earlier", twin=twins),
            verdicts(new["id"].filter(goes), "exact_duplicate", twin=stays.filter(goes)),
        ]
        return Decision(pa.concat_tables(tables))
