"""What leaves with a dataset: no text that is not a row of it."""

import json

from pipeline.report.public import public

SECRET = "anna@example-clinic.org"


def test_only_rows_of_the_dataset_are_shown() -> None:
    kept = {"id": "a", "step": "examples", "question": "Why is it so?"}
    went = {
        "id": "b",
        "step": "good",
        "question": f"Write to {SECRET}",
        "reason": "question_has_personal_data",
        "got": SECRET,
    }
    report = {
        "root": f"/home/{SECRET}/run",
        "n_rows": 1,
        "steps": [{"name": "good", "rejected": {"question_has_personal_data": 1}}],
        "rows": [kept, went],
        "ancestors": {"c": {"id": "c", "text": SECRET}},
        "asked": {"a": [{"step": "x", "turns": [], "reply": f"Why is it so? {SECRET}"}]},
        "duplicates": [{"row": went, "twin": kept, "reason": "near_duplicate", "step": "d", "got": 1}],
        "clusters": [
            {"size": 2, "kept": 1, "typical": [kept, {"id": "b", "question": SECRET}], "strangest": []}
        ],
        "sampled": {"kept": 1, "rejected": 1},
    }
    found = public(report)
    assert SECRET not in json.dumps(found)
    assert found["rows"] == [kept]
    assert found["clusters"][0]["typical"] == [kept]
    assert found["steps"] == report["steps"], "what was counted is told"
    assert SECRET in json.dumps(report), "the report of the root is as it was"
