"""What the quality filters drop of rows that a person has read, rightly and wrongly.

    python -m benchmarks.labelled [--sound FILE] [--by-length] [--json]      some seconds

The rows and the rules of their labels: tests/data. For each reason: how many texts it drops, the share
of them that have a fault (`precision`), and the start of one. For each fault: how many texts have it, and
the share of them that is dropped, for whatever reason (`recall`). `wrong` and `does_not_answer` are no
business of these filters. `--sound`: a JSONL file of rows (`question`, `answer`) that are taken for sound;
what of them is dropped, by reason. `--by-length`: of long texts (benchmarks/long_texts.py), sound ones and
such with loops in them, the share that is dropped for a repetition, by length.
"""

import dataclasses
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.long_texts import by_length
from benchmarks.planted import as_example
from benchmarks.report import argument_parser, print_machine
from pipeline.recipes import load_recipe
from pipeline.records import Example, Instruction
from pipeline.stage import FilterStage
from pipeline.text.text import one_line

SAMPLE_CHARS = 70
STEPS = ("sound", "readable", "good", "monolingual")  # of the laptop preset: two of questions, two of answers
ROWS = Path(__file__).parent.parent / "tests" / "data" / "labelled_rows.jsonl"


def judged(side: str, stages: list[FilterStage]) -> dict[str, dict[str, dict[str, Any]]]:
    """By reason and by fault of one side of the rows, "question" or "answer"."""
    dropped: dict[str, list[bool]] = defaultdict(list)
    samples: dict[str, str] = {}
    faults, caught = Counter[str](), Counter[str]()
    for row in map(json.loads, ROWS.read_text(encoding="utf-8").splitlines()):
        labels = row[f"{side}_faults"]
        text = as_example(row)
        reason = first_reason(stages, as_question(text) if side == "question" else text)
        faults.update(labels or ["none"])
        if reason is not None:
            dropped[reason].append(bool(labels))
            samples[reason] = min(samples.get(reason, row[side]), row[side], key=len)
            caught.update(labels or ["none"])
    return {
        "reasons": {
            name: {
                "dropped": len(faulty),
                "precision": round(sum(faulty) / len(faulty), 3),
                "sample": one_line(samples[name])[:SAMPLE_CHARS],
            }
            for name, faulty in sorted(dropped.items())
        },
        "faults": {
            name: {"texts": n, "recall": round(caught[name] / n, 3)} for name, n in sorted(faults.items())
        },
    }


def as_question(example: Example) -> Instruction:
    """What the row was before it was answered."""
    names = [field.name for field in dataclasses.fields(Instruction)]
    return Instruction(**{name: getattr(example, name) for name in names})


def first_reason(stages: list[FilterStage], record: Instruction) -> str | None:
    for stage in stages:
        verdict = stage.judge(record)
        reason = getattr(verdict, "reason", None)
        if reason is not None:
            return str(reason)
    return None


def lost(path: Path, stages: list[FilterStage]) -> dict[str, Any]:
    """What goes of the rows of a file, by reason."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [as_example({"id": path.name, **json.loads(line)}) for line in lines]
    questions, answers = stages[:2], stages[2:]
    reasons = [first_reason(questions, as_question(row)) or first_reason(answers, row) for row in rows]
    return {"rows": len(rows), "dropped": dict(Counter(filter(None, reasons)))}


def show(title: str, table: dict[str, dict[str, Any]]) -> None:
    columns = list(next(iter(table.values())))
    print(f"\n| {title} | " + " | ".join(columns) + " |\n|" + " --- |" * (len(columns) + 1))
    for name, row in table.items():
        print(f"| {name} | " + " | ".join(str(row[column]).replace("|", " ") for column in columns) + " |")


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--sound", type=Path)
    parser.add_argument("--by-length", action="store_true")
    options = parser.parse_args()
    print_machine("langdetect")
    steps = {}
    step = load_recipe("instruct", "laptop", [], {}).last
    while step.inputs:
        steps[step.name] = step.stage
        step = step.inputs[0]
    found = {
        "question": judged("question", [steps[name] for name in STEPS[:2]]),
        "answer": judged("answer", [steps[name] for name in STEPS[2:]]),
    }
    if options.by_length:
        found["answer"]["by length"] = by_length(steps[STEPS[2]])
    for side, tables in found.items():
        for title, table in tables.items():
            show(f"{side}, {title}", table)
    if options.sound:
        found["sound"] = lost(options.sound, [steps[name] for name in STEPS])
        print(f"\n{options.sound.name}: {json.dumps(found['sound'])}")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
