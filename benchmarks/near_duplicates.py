"""Near duplicates among instruction rows: rows/s, memory, recall and precision, beside other tools.

    python -m benchmarks.near_duplicates [--rows 200000] [--peers DIR] [--step] [--json]    1 to 60 minutes

The rows are those of benchmarks/planted.py: near duplicates with 5 to 20 % of their words edited, and rows
that only look like them. Every tool gets the same Parquet file, in a process of its own; its time is from the
texts in memory to the ids of what goes, imports and compilation not counted, its memory the most that the
process held. `--peers DIR` also runs the tools of benchmarks/near_duplicates_peers.py that are installed in
DIR/NAME/bin/python: for each of datatrove, text-dedup, gaoya, rensa and semhash

    python -m venv DIR/NAME; DIR/NAME/bin/pip install pyarrow NAME

`--step` also runs the step of a recipe on Ray, from parts to parts, decided on by the threads of one process
(`step_rows_per_s`) and by tasks (`step_in_tasks_rows_per_s`), as it is from `academe run --spread-rows` on.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.planted import as_example, planted, score
from benchmarks.report import argument_parser, print_machine
from benchmarks.throughput import run_step
from pipeline.dag import Step
from pipeline.engine.spread import SPREAD_ROWS, in_threads
from pipeline.records import Example
from pipeline.stage import SourceStage
from stages.drop_near_duplicates import DropNearDuplicates

PEERS_FILE = Path(__file__).parent / "near_duplicates_peers.py"
TIMEOUT_S = 3600


def ours(path: Path) -> dict[str, Any]:
    """The stage alone, on the table."""
    stage = DropNearDuplicates()
    table = pq.read_table(path, columns=["id", "question", "answer"])
    stage.decide(stage.sketch(table.slice(0, 9)), in_threads)  # compiled, or read from the cache
    started = time.perf_counter()
    sketches = stage.sketch(table)
    sketched = time.perf_counter()
    gone = stage.decide(sketches, in_threads).verdicts["id"]
    decided = time.perf_counter()
    return {
        "seconds": decided - started,
        "decide_s": decided - sketched,
        "dropped": gone.to_pylist(),
        "settings": "defaults",
    }


@dataclass(frozen=True, kw_only=True)
class ReadRows(SourceStage):
    """The rows of the file as examples."""

    writes: ClassVar[type] = Example
    version: ClassVar[int] = 1
    path: Path

    def read(self) -> Iterator[Example]:
        for batch in pq.ParquetFile(self.path).iter_batches(columns=["id", "question", "answer"]):
            yield from map(as_example, batch.to_pylist())


def step(path: Path, spread_rows: int) -> float:
    """Seconds of the step on Ray: its parts read, sketched, decided on and written."""
    rows = Step("rows", ReadRows(path=path))
    with tempfile.TemporaryDirectory() as folder:
        run_step(rows, Path(folder))
        run_step(Step("distinct", DropNearDuplicates(), rows), Path(folder), spread_rows=spread_rows)
        events = [json.loads(line) for line in (Path(folder) / "events.jsonl").read_text().splitlines()]
        at = {event["event"]: event["at"] for event in events if event.get("step") == "distinct"}
        return float(at["step_done"] - at["step_started"])


def measure(command: list[str], table: pa.Table) -> dict[str, Any]:
    """What the tool printed, scored. A tool that fails says so."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:200] if done.stderr else "no output"}
    found = json.loads(done.stdout.splitlines()[-1])
    dropped = found.pop("dropped")
    rates = {"rows_per_s": table.num_rows / found["seconds"], "n_dropped": len(dropped)}
    return {**found, **rates, **score(table, pa.array(dropped, pa.string()))}


def peak_mb() -> float:
    """The most that this process held (Linux). Not `ru_maxrss`, which begins with what the parent held."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--peers", type=Path, help="a folder of virtual environments, one a tool")
    parser.add_argument("--step", action="store_true", help="the whole step on Ray, too")
    options = parser.parse_args()
    print_machine("numba", "pyarrow")
    table = planted(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(table, path, row_group_size=10_000)
        me = [sys.executable, "-m", "benchmarks.near_duplicates"]
        tools = {"academe": measure([*me, "ours", str(path)], table)}
        show("academe", tools["academe"])
        for python in sorted(options.peers.glob("*/bin/python")) if options.peers else []:
            name = python.parent.parent.name
            for settings in ("documented", "best"):
                tool = f"{name} {settings}"
                tools[tool] = measure([str(python), str(PEERS_FILE), name, settings, str(path)], table)
                show(tool, tools[tool])
        if options.step:
            for name, spread_rows in (("step", SPREAD_ROWS), ("step_in_tasks", 0)):
                rate = options.rows / step(path, spread_rows)
                print(f"academe, the whole {name} on Ray: {rate:,.0f} rows/s", flush=True)
                tools["academe"][f"{name}_rows_per_s"] = rate
    if options.json:
        peers = [{"tool": tool, **found} for tool, found in tools.items() if tool != "academe"]
        print(json.dumps({"rows": options.rows, **tools["academe"], "peers": peers}))


def show(tool: str, found: dict[str, Any]) -> None:
    if "error" in found:
        print(f"{tool:<24} failed: {found['error']}", flush=True)
        return
    print(
        f"{tool:<24}{found['rows_per_s']:>10,.0f} rows/s{found['peak_mb']:>8,.0f} MB"
        f"  recall {found['recall']:.3f}  precision {found['precision']:.4f}  {found['settings']}",
        flush=True,
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        result = ours(Path(sys.argv[2]))
        result["peak_mb"] = peak_mb()
        print(json.dumps(result))
    else:
        main()
