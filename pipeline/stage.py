"""The five shapes a stage can have.

A stage is a frozen dataclass: its fields are its whole configuration, and pydantic checks them when they come
from settings. It holds no state and knows nothing of Ray, servers or files beyond its fields.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeVar

import pyarrow as pa
from pydantic import ConfigDict

from pipeline.errors import FAILED, BadReply, RequestRefused
from pipeline.model import Model, ModelSpec
from pipeline.records import Record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a record went: the fault, what was measured, the limit it broke, and the record it repeats if
    any.
    """

    reason: str
    got: object = None
    limit: object = None
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What a filter measured of a record, and the limit that it compares that with."""

    reason: str  # of the reject, where the limit is broken
    got: float
    limit: float
    is_least: bool = False  # the limit is the least that stays; else the most

    @property
    def lack(self) -> float:
        """How far beyond the limit it is; not above 0 within."""
        return self.limit - self.got if self.is_least else self.got - self.limit

    def reject(self) -> Reject | None:
        return Reject(self.reason, got=round(self.got, 3), limit=self.limit) if self.lack > 0 else None


def first_broken(measures: Iterable[Measure]) -> Reject | None:
    """Of the first limit that is broken; what comes after it is not measured."""
    return next((reject for measure in measures if (reject := measure.reject())), None)


@dataclass(frozen=True, slots=True)
class Expected:
    """What one input record is expected to cost and to give, for plans made before anything is measured."""

    requests: float
    rows: float


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What all shapes share. A stage that writes the type it reads writes, of records of a narrower type,
    that one. `version` goes up when the same input can give another output.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    reads: ClassVar[type]
    writes: ClassVar[type]
    version: ClassVar[int]
    fills: ClassVar[tuple[str, ...]] = ()  # fields of a record that are empty before it
    needs: ClassVar[tuple[str, ...]] = ()  # fields that a step before it must fill

    def check(self) -> None:
        """Raises RecipeError for what the stage cannot work with: a file that is not there, a code that
        nothing knows, two settings that contradict. Called for every step before anything is asked; cheap.
        """


@dataclass(frozen=True, kw_only=True)
class SourceStage(Stage):
    """Records from files named by the stage's fields."""

    reads: ClassVar[type] = type(None)

    def read(self) -> Iterator[Record]:
        raise NotImplementedError

    def outcomes(self) -> Iterator[Record | tuple[Reject, Record]]:
        """What `read` gives and, where a row of the files cannot be a record, why, with what there is of it;
        in the order of the files.
        """
        return self.read()


@dataclass(frozen=True, kw_only=True)
class ModelStage(Stage):
    """Records made by asking a model."""

    only_drops: ClassVar[bool] = False  # whether it passes on what it reads, or drops it: it can be left out

    model: ModelSpec | None = None  # None: the recipe's own choice

    async def map(self, record: Any, model: Model) -> Sequence[Record | Reject]:
        """What the model makes of one record. No other input or output."""
        raise NotImplementedError

    def expected(self) -> Expected:
        raise NotImplementedError


AModelStage = TypeVar("AModelStage", bound=ModelStage)


def asking(model: ModelSpec, stage: AModelStage) -> AModelStage:
    """The stage with the recipe's model, unless its settings name one."""
    return replace(stage, model=stage.model or model)


@dataclass(frozen=True, kw_only=True)
class MapStage(Stage):
    """Records made from a record without asking a model. The files that a record names may be read."""

    batch: ClassVar[int]  # records a task takes

    def map(self, record: Any) -> Iterator[Record | Reject]:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class FilterStage(Stage):
    """A verdict on each record by itself. Reads and writes one type."""

    def judge(self, record: Any) -> Reject | Record | None:
        """None keeps the record as it is, a record replaces it, a Reject drops it."""
        raise NotImplementedError

    def measures(self, record: Any) -> Iterable[Measure]:
        """What the verdict compares with limits that are numbers, in its order: a report shows how near the
        records that stay come to them.
        """
        return ()

    def judge_all(self, records: Sequence[Any]) -> Sequence["Reject | Record | None"]:
        """The verdicts on the records of a part; for a stage that is quicker with many than one by one."""
        return [self.judge(record) for record in records]


class Each(Protocol):
    """Calls `work(item, *shared)` for each item, side by side, and returns the results in order."""

    def __call__(self, work: Callable[..., T], items: Sequence[Any], *shared: Any) -> list[T]: ...


@dataclass(frozen=True)
class Decision:
    """What goes and why, and what is worth knowing of how that was decided."""

    verdicts: pa.Table  # see VERDICTS
    report: dict[str, Any] = field(default_factory=dict)  # JSON; kept in the step's folder


@dataclass(frozen=True, kw_only=True)
class DatasetStage(Stage):
    """A verdict that needs all records at once. Reads and writes one type."""

    def sketch(self, rows: pa.Table) -> pa.Table:
        """A small row a record, with its `id`, in parallel over parts; never the text. The columns of `rows`
        are the fields of the records.
        """
        raise NotImplementedError

    def decide(self, sketches: pa.Table, each: Each) -> Decision:
        """The verdicts, from all sketches in the order of the dataset. What is heavy and can be cut goes
        through `each`: threads of one process, or tasks on a cluster when the rows are many.
        """
        raise NotImplementedError

    def measures(self, rows: pa.Table) -> Iterable[Measure]:
        """What the verdicts compare with limits that are numbers, of records that stayed, or some of them:
        a report shows how near they come to the limits.
        """
        return ()


REFUSED = "request_refused"
BAD_REPLY = "bad_reply"
NOT_DRAWN = "not_drawn"  # of a record that nothing is wrong with: a step takes a share of them

VERDICTS = pa.schema(
    [
        ("id", pa.string()),
        ("reason", pa.string()),
        ("got", pa.string()),
        ("limit", pa.string()),
        ("twin", pa.string()),
    ]
)


def verdicts(ids: pa.Array, reason: pa.Array | str, **measured: Any) -> pa.Table:
    """The verdicts on the records `ids`. `measured`: columns, or one value for all, of `got` and `limit` as
    numbers or JSON, and `twin` as ids.
    """
    columns = {"id": ids, "reason": reason, **measured}
    table = {name: _column(columns.get(name), len(ids)) for name in VERDICTS.names}
    return pa.table(table, schema=VERDICTS)


def _column(values: Any, n: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(pa.string())
    return pa.repeat(pa.scalar(None if values is None else str(values), pa.string()), n)


def is_passing(reason: str, got: object, limit: object) -> bool:
    """Whether a reject is for a reason that may pass, so that the next run asks again: the server refused the
    request, or no try brought a reply that can be read. A reply that came and does not fit is a result.
    """
    return reason == REFUSED or (reason == BAD_REPLY and isinstance(limit, str) and limit.startswith(FAILED))


def rng_for(seed: int, *names: object) -> random.Random:
    """A random source that depends on its arguments alone, so that a re-run makes the same choice."""
    return random.Random(repr((seed, *names)))


async def settle(coroutines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Results in order, run side by side; a bad reply becomes a Reject in its place, any other error is
    raised.
    """
    results = await asyncio.gather(*coroutines, return_exceptions=True)
    return [_settled(result) for result in results]


def _settled(result: Any) -> Any:
    if isinstance(result, RequestRefused):
        return Reject(REFUSED, got=result.raw, limit=str(result))
    if isinstance(result, BadReply):
        return Reject(BAD_REPLY, got=result.raw, limit=str(result))
    if isinstance(result, BaseException):
        raise result
    return result
