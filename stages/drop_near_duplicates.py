"""Drop records that say nearly what one that stays says.

Instruction -> Instruction, by the question; Example -> Example, by question and answer; Chunk and Passage by
their text. MinHash in bands finds candidates, exact Jaccard similarity of their shingles decides
(pipeline/dedup/minhash.py). A record goes only for one that stays, so there is no chain of likenesses;
records are taken in the order of their ids, so the result does not depend on sharding. Some pairs that are
near are no duplicates; each kind has a reason of its own, and goes only when it is said to:

    same_template     the same words, other numbers, operators or names: "compute 3 + 4", "compute 3 + 9"
    same_question     one question, two answers
    same_answer       two questions, one answer
    rephrasing        of one instruction; from `min_copy` on it goes as `copied_rephrasing`

Questions that hold a text are compared by what they ask apart from it too (pipeline/dedup/contexts.py).
Questions that show a passage are compared with those that show the same one, by what else they say. Rows of
earlier datasets come first; what is near one of those goes as `near_duplicate_of_earlier` etc.

Source: Broder 1997 for the similarity; we verify every pair, and close nothing transitively (that once
removed 99.9998 % of a set of function calls: marin-community/marin#6854). On rows of 130 words with 5 to 20
% of their words changed it finds 93 % (benchmarks/near_duplicates.py). Cost: linear, at most 64 comparisons a
band and record. Memory in `decide`, also where all records are alike: 4 bytes a shingle, 24 bytes a band and
record, and 300 bytes a record: less than 2 kB for a row of 130 words (benchmarks/alike.py).

Of 16 questions that a run of the laptop preset dropped at 0.5, seven asked something else when read ("What is
the purpose of business writing?", "... of nutrients?"), of the 8 from 0.6 on two, of the 2 from 0.7 on none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from pipeline.dedup.earlier import with_earlier
from pipeline.dedup.near_rows import near_rows, sketched
from pipeline.dedup.pairs import PAIRS, Flags, Pairs, first_staying
from pipeline.dedup.shingles import Kind
from pipeline.records import Worded
from pipeline.stage import DatasetStage, Decision, Each, Measure, verdicts

REASONS = (
    "copied_rephrasing",
    "rephrasing",
    "same_question",
    "same_template",
    "same_answer",
    "near_duplicate",
)
COPIED, NEAR = REASONS.index("copied_rephrasing"), REASONS[-1]
EARLIER_REASONS = tuple(f"{reason}_of_earlier" for reason in REASONS)
NEARLY = 0.6  # of the limit, from which a report is told how near records come to others
SAME_MARKS = 0.75  # similarity of marked shingles from which numbers and names count as the same
Share = Annotated[float, Field(ge=0, le=1)]
Above = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class DropNearDuplicates(DatasetStage):
    reads: ClassVar[type] = Worded
    writes: ClassVar[type] = Worded
    version: ClassVar[int] = 8  # 8: signs that are spoken of; 7: two tasks on one text in the question

    shingle: Kind = "words"
    n: Annotated[int, Field(ge=1)] = (
        2  # words (or characters) a shingle; of short rows longer ones rarely meet
    )
    bands: Annotated[int, Field(ge=1)] = 32
    rows: Annotated[int, Field(ge=1)] = 4  # a band
    min_similarity: Above = 0.5  # Jaccard, from which two records are near
    min_alone: Above = 0.7  # the same of questions without answers: of a short one a word makes another
    min_question: Share = 0.3  # below this similarity, their questions are two
    min_answer: Share = 0.3  # below this, their answers are two
    min_template: Share = 0.9  # of the shingles without numbers and names, from which they share a template
    min_copy: Above = 0.8  # similarity of both question and answer from which a rephrasing is a copy
    drop_same_template: bool = False
    drop_same_question: bool = False
    drop_same_answer: bool = False
    drop_rephrasings: bool = False
    earlier: tuple[
        Path, ...
    ] = ()  # sketches of earlier datasets (pipeline/dedup/earlier.py); the recipe's own

    def sketch(self, rows: pa.Table) -> pa.Table:
        return sketched(rows, self.shingle, self.n, self.bands, self.rows)

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        sketches, n_earlier = with_earlier(self.earlier, sketches)
        ids, limit = sketches["id"].combine_chunks(), self._limit(sketches)
        near = near_rows(sketches, n_earlier, each)
        goes, found, counts = np.zeros(len(ids), np.bool_), [], np.zeros(len(REASONS), np.int64)
        for pairs in near.pairs(limit, goes):
            kinds, drops = self._kinds(pairs, near.family)
            counts += [len(np.unique(pairs["row"][kinds == kind])) for kind in range(len(REASONS))]
            found.append(first_staying(pairs[drops], goes))
        chosen = np.concatenate([*found, np.empty(0, PAIRS)])
        kinds, _ = self._kinds(chosen, near.family)
        copied = kinds == COPIED
        reasons = pa.array(REASONS + EARLIER_REASONS)
        table = verdicts(
            ids.take(pa.array(near.order[chosen["row"]])),
            reasons.take(pa.array(kinds + len(REASONS) * (chosen["twin"] < n_earlier))),
            got=pa.array(np.round(np.where(copied, _least(chosen), chosen["whole"]).astype(float), 3)),
            limit=pa.array(np.where(copied, self.min_copy, limit)),
            twin=ids.take(pa.array(near.order[chosen["twin"]])),
        )
        return Decision(table, {"records_near_another": dict(zip(REASONS, counts.tolist(), strict=True))})

    def measures(self, rows: pa.Table) -> Iterator[Measure]:
        """Of each record that another comes near to, how near."""
        sketches = self.sketch(rows)
        limit = self._limit(sketches)
        near = near_rows(sketches, 0, _in_turn)
        nearest = np.zeros(len(rows), np.float32)
        for pairs in near.pairs(NEARLY * limit, np.zeros(len(rows), np.bool_)):
            kinds, drops = self._kinds(pairs, near.family)
            told = pairs[drops & (kinds != COPIED)]
            for side in ("row", "twin"):
                np.maximum.at(nearest, told[side], told["whole"])
        yield from (Measure(NEAR, float(whole), limit) for whole in nearest[nearest > 0])

    def _limit(self, sketches: pa.Table) -> float:
        is_question = "question" in sketches.column_names and "answer" not in sketches.column_names
        return self.min_alone if is_question else self.min_similarity

    def _kinds(self, pairs: Pairs, family: NDArray[np.int64]) -> tuple[NDArray[np.int64], Flags]:
        """The kind of each pair, as a place in REASONS, and whether its later row goes."""
        related = family[pairs["row"]] == family[pairs["twin"]]
        two_answers = pairs["answer"] < self.min_answer
        template = (pairs["plain"] >= self.min_template) & (pairs["marked"] < SAME_MARKS)
        # In the order of REASONS; the first that a pair is counts.
        kinds = (
            (related & (_least(pairs) >= self.min_copy), True),
            (related, self.drop_rephrasings),
            (two_answers & ((pairs["question"] == 1) | ~template), self.drop_same_question),
            (template, self.drop_same_template),
            (pairs["question"] < self.min_question, self.drop_same_answer),
            (np.ones(len(pairs), np.bool_), True),
        )
        found = np.argmax([is_one for is_one, _ in kinds], axis=0)
        return found, np.array([drops for _, drops in kinds])[found]


def _in_turn(work: Any, items: Sequence[Any], *shared: Any) -> list[Any]:
    """An Each for few records."""
    return [work(item, *shared) for item in items]


def _least(pairs: Pairs) -> NDArray[np.float32]:
    """The similarity of the questions or of the answers, whichever is less."""
    least: NDArray[np.float32] = np.minimum(pairs["question"], pairs["answer"])
    return least
