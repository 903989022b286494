"""What the quality filters drop of rows that a person has read, rightly and wrongly.

    python -m benchmarks.labelled [--json]      some seconds

The rows and the rules of their labels: tests/data. For each reason: how many texts it drops, and the share
of them that have a fault (`precision`). For each fault: how many texts have it, and the share of them that
is dropped, for whatever reason (`recall`). `wrong` and `does_not_answer` are no business of these filters.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.planted import as_example
from benchmarks.report import argument_parser, print_machine
from pipeline.recipes import load_recipe
from pipeline.records import Example
from pipeline.stage import FilterStage

ROWS = Path(__file__).parent.parent / "tests" / "data" / "labelled_rows.jsonl"


def judged(side: str, stages: list[FilterStage]) -> dict[str, dict[str, dict[str, float]]]:
    """By reason and by fault of one side of the rows, "question" or "answer"."""
    dropped: dict[str, list[bool]] = defaultdict(list)
    faults, caught = Counter[str](), Counter[str]()
    for row in map(json.loads, ROWS.read_text(encoding="utf-8").splitlines()):
        labels = row[f"{side}_faults"]
        reason = first_reason(stages, as_example(row))
        faults.update(labels or ["none"])
        if reason is not None:
            dropped[reason].append(bool(labels))
            caught.update(labels or ["none"])
    return {
        "reasons": {
            name: {"dropped": len(faulty), "precision": sum(faulty) / len(faulty)}
            for name, faulty in sorted(dropped.items())
        },
        "faults": {name: {"texts": n, "recall": caught[name] / n} for name, n in sorted(faults.items())},
    }


def first_reason(stages: list[FilterStage], example: Example) -> str | None:
    for stage in stages:
        verdict = stage.judge(example)
        reason = getattr(verdict, "reason", None)
        if reason is not None:
            return str(reason)
    return None


def main() -> None:
    options = argument_parser(__doc__).parse_args()
    print_machine("langdetect")
    steps = {}
    step = load_recipe("instruct", "laptop", [], {}).last
    while step.inputs:
        steps[step.name] = step.stage
        step = step.inputs[0]
    found = {
        "question": judged("question", [steps["sound"], steps["readable"]]),
        "answer": judged("answer", [steps["good"], steps["monolingual"]]),
    }
    for side, tables in found.items():
        for title, table in tables.items():
            print(f"\n{side}, {title}")
            for name, numbers in table.items():
                print(f"  {name:<36}" + "".join(f"{key} {value:<8.3g}" for key, value in numbers.items()))
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
