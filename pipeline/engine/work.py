"""What the tasks do, each on one part: plain functions that know nothing of the cluster they run on.

Source: files -> parts.  Map, model and filter: a slice -> a part.  Dataset stage: part -> sketch, all
sketches -> verdicts, part + verdicts -> part. Memory: one part, but for `decide`, which holds all sketches.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from upath import UPath

from pipeline.engine.spread import in_tasks, in_threads
from pipeline.errors import ModelUnavailable, PipelineError
from pipeline.inference.asking import Asker, Channel
from pipeline.io.files import checksum, read_table, write_table, write_text
from pipeline.model import ModelSpec
from pipeline.records import Record
from pipeline.stage import (
    REFUSED,
    DatasetStage,
    FilterStage,
    MapStage,
    ModelStage,
    Reject,
    SourceStage,
    Stage,
    settle,
)
from pipeline.storage.store import (
    SOURCE_KEY,
    Part,
    Slice,
    StepFolder,
    from_table,
    read_slice,
    slice_table,
    to_table,
)
from pipeline.storage.tally import Tally

SKETCHES, VERDICTS, REPORT = "sketches", "verdicts", "report.json"
MANY_REFUSED = 5  # of a part, and nothing taken: it is what the stage asks for, and no row's fault
GROUP = "group"  # whose losses are counted: a discipline, or a document
GROUPS = ("discipline_id", "document")
MIN_LOST_OF = 20  # rows of a group, before the share that is lost says anything


def read_source(stage: SourceStage, folder: UPath, part_rows: int) -> Iterator[Part]:
    """Writes the source's records and rejects in parts of `part_rows`, yielding each when it is whole."""
    target, count = StepFolder(folder), 0
    batch: list[Record | tuple[Reject, Record]] = []
    started = time.monotonic()
    for outcome in stage.outcomes():
        batch.append(outcome)
        if len(batch) == part_rows:
            yield _write_source_part(target, stage, batch, count, time.monotonic() - started)
            batch, count, started = [], count + 1, time.monotonic()
    if batch:
        yield _write_source_part(target, stage, batch, count, time.monotonic() - started)


def _write_source_part(
    target: StepFolder,
    stage: SourceStage,
    batch: Sequence[Record | tuple[Reject, Record]],
    count: int,
    seconds: float,
) -> Part:
    tally = Tally(rows_in=len(batch), seconds=seconds)
    kept = [outcome for outcome in batch if not isinstance(outcome, tuple)]
    rejects = [outcome for outcome in batch if isinstance(outcome, tuple)]
    return target.write_part(f"{count:06d}", to_table(kept, stage.writes), rejects, tally)


def map_part(stage: MapStage, rows: Slice, kind: type, folder: UPath) -> Part:
    """Maps the records of a slice."""
    started = time.monotonic()
    records = read_slice(rows, kind)
    outcomes = [list(stage.map(record)) for record in records]
    kept, rejects = _sorted_out(records, outcomes)
    tally = Tally(rows_in=len(records), seconds=time.monotonic() - started)
    return StepFolder(folder).write_part(
        rows.writes, to_table(kept, _written(stage, kind)), rejects, tally, rows.source
    )


def _written(stage: Stage, kind: type) -> type:
    """What a stage makes of records of that kind."""
    return kind if stage.reads is stage.writes else stage.writes


def _sorted_out(
    records: Sequence[Record], outcomes: Sequence[Sequence[Record | Reject]]
) -> tuple[list[Record], list[tuple[Reject, Record]]]:
    """What was made, and what was rejected with the record that it would have been made from."""
    kept: list[Record] = []
    rejects: list[tuple[Reject, Record]] = []
    for record, outcome in zip(records, outcomes, strict=True):
        for item in outcome or [Reject("nothing_made")]:
            if isinstance(item, Reject):
                rejects.append((item, record))
            else:
                kept.append(item)
    return kept, rejects


async def ask_part(
    stage: ModelStage,
    spec: ModelSpec,
    channel: Channel,
    records: Sequence[Record],
    kind: type,
    folder: UPath,
    rows: Slice,
) -> Part:
    """Maps records of a kind, those of a slice, through the model, side by side, keeping their order."""
    started = time.monotonic()
    tally = Tally()
    model = Asker(spec, channel, tally)
    outcomes = await settle([stage.map(record, model) for record in records])
    made = [[outcome] if isinstance(outcome, Reject) else outcome for outcome in outcomes]
    kept, rejects = _sorted_out(records, made)
    n_refused = sum(reject.reason == REFUSED for reject, _ in rejects)
    if not kept and not tally.requests and n_refused >= MANY_REFUSED:
        raise ModelUnavailable(
            f"the server takes none of the requests of {type(stage).__name__}: {rejects[0][0].got}; "
            "mend the settings of the model or the stage, and run the same command again"
        )
    tally.rows_in, tally.seconds = len(records), time.monotonic() - started
    table = to_table(kept, _written(stage, kind))
    target = StepFolder(folder)
    return await asyncio.to_thread(target.write_part, rows.writes, table, rejects, tally, rows.source)


def filter_part(stage: FilterStage, rows: Slice, kind: type, folder: UPath) -> Part:
    """Judges the records of a slice."""
    started = time.monotonic()
    records = read_slice(rows, kind)
    kept: list[Record] = []
    rejects: list[tuple[Reject, Record]] = []
    for record, verdict in zip(records, stage.judge_all(records), strict=True):
        if isinstance(verdict, Reject):
            rejects.append((verdict, record))
        else:
            kept.append(record if verdict is None else verdict)
    tally = Tally(rows_in=len(records), seconds=time.monotonic() - started)
    return StepFolder(folder).write_part(rows.writes, to_table(kept, kind), rejects, tally, rows.source)


def sketch_part(stage: DatasetStage, rows: Slice, folder: UPath) -> None:
    """Writes the sketch of one part, with each record's discipline or document where it has one."""
    records = slice_table(rows)
    sketch = stage.sketch(records)
    groups = [records[name] for name in GROUPS if name in records.column_names]
    if groups:
        named = [pc.if_else(pc.equal(column, ""), None, column) for column in groups]
        sketch = sketch.append_column(GROUP, pc.coalesce(*named, "").dictionary_encode())
    sketch = sketch.replace_schema_metadata({SOURCE_KEY: rows.source.encode()})
    write_table(sketch, StepFolder(folder).part_path(rows.writes, SKETCHES))


@dataclass(frozen=True)
class Lost:
    """What a step drops of one discipline, or of one document."""

    group: str
    rows: int
    dropped: int

    @property
    def share(self) -> float:
        return self.dropped / self.rows


def decide(stage: DatasetStage, slices: Sequence[Slice], folder: UPath, spread_rows: int) -> list[Lost]:
    """Reads the sketches of all slices in order, and writes each one's verdicts and the step's report;
    returns what each discipline or document of MIN_LOST_OF rows loses.
    More than `spread_rows` are decided on by the cluster.
    """
    target = StepFolder(folder)
    sketches = [read_table(target.part_path(rows.writes, SKETCHES)) for rows in slices]
    if not sketches:
        return []
    table = pa.concat_tables(sketches).unify_dictionaries()
    sizes = [sketch.num_rows for sketch in sketches]
    del sketches  # their memory goes as the stage reads the columns
    ids = table["id"].combine_chunks()
    if len(pc.unique(ids)) != len(ids):
        raise PipelineError(f"{folder.name}: {_shared(ids, slices, sizes)}")
    decision = stage.decide(table, in_tasks if len(ids) > spread_rows else in_threads)
    places = pc.index_in(decision.verdicts["id"], value_set=ids).to_numpy()
    order = np.argsort(places)
    decided, places = decision.verdicts.take(order), places[order]
    cuts = np.searchsorted(places, np.cumsum([0, *sizes]))
    for rows, start, stop in zip(slices, cuts[:-1], cuts[1:], strict=True):
        write_table(decided.slice(start, stop - start), target.part_path(rows.writes, VERDICTS))
    if decision.report:
        write_text(json.dumps(decision.report, indent=1), folder / REPORT)
    return _lost(table[GROUP], places) if GROUP in table.column_names else []


def _shared(ids: pa.Array, slices: Sequence[Slice], sizes: Sequence[int]) -> str:
    """What is wrong where records share an id, with the first of them and where they are."""
    counts = pc.value_counts(ids)
    twin = counts.field("values").filter(pc.greater(counts.field("counts"), 1))[0]
    places = np.flatnonzero(pc.equal(ids, twin).to_numpy(zero_copy_only=False))[:2]
    parts = [slices[at] for at in np.searchsorted(np.cumsum(sizes), places, side="right")]
    named = " and ".join(f"of step '{p.folder.name.rpartition('-')[0]}', part {p.part}" for p in parts)
    return (
        f"two records share the id {twin}, one {named}: one verdict would drop both; give the stage that "
        "makes them ids that follow from all that tells its records apart, or name what both are read from "
        "once"
    )


def _lost(groups: pa.ChunkedArray, dropped: NDArray[np.int64]) -> list[Lost]:
    """Of groups large enough for a share to say something: documents are many, and most of them small."""
    counts = pc.value_counts(groups)
    large = counts.filter(pc.greater_equal(pc.struct_field(counts, "counts"), MIN_LOST_OF))
    before = {row["values"]: row["counts"] for row in large.to_pylist()}
    gone = groups.take(dropped)
    gone = gone.filter(pc.is_in(gone, value_set=pa.array(before, groups.type.value_type)))
    after = {row["values"]: row["counts"] for row in pc.value_counts(gone).to_pylist()}
    return [Lost(group, rows, after.get(group, 0)) for group, rows in sorted(before.items())]


def apply_part(rows: Slice, kind: type, folder: UPath) -> Part:
    """Keeps what no verdict names."""
    started = time.monotonic()
    target = StepFolder(folder)
    table = slice_table(rows)
    decided = {row["id"]: row for row in read_table(target.part_path(rows.writes, VERDICTS)).to_pylist()}
    goes = pc.is_in(table["id"], value_set=pa.array(decided, pa.string()))
    rejects = [(_reject(decided[record.id]), record) for record in from_table(table.filter(goes), kind)]
    tally = Tally(rows_in=table.num_rows, seconds=time.monotonic() - started)
    return target.write_part(
        rows.writes, table.filter(pc.invert(goes)), rejects, tally, decided_source(rows, folder)
    )


def decided_source(rows: Slice, folder: UPath) -> str:
    """What a part is made from that verdicts were applied to: the rows, and the verdicts."""
    return f"{rows.source}.{checksum(StepFolder(folder).part_path(rows.writes, VERDICTS))}"


def _reject(row: dict[str, Any]) -> Reject:
    got, limit = (None if row[name] is None else json.loads(row[name]) for name in ("got", "limit"))
    return Reject(row["reason"], got, limit, row["twin"])
