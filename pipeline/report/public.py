"""What of a report may leave with the dataset it is about: numbers, and rows that the dataset has.

A rejected row may have gone for personal data or for the words of a benchmark's item, and so may its twins,
what a kept row was made of, and a raw reply that several rows were read from. None of them is shown; `academe
report` and `academe show` show all of it where the run is.
"""

from typing import Any

Data = dict[str, Any]


def public(report: Data) -> Data:
    """The report without what the dataset does not publish. Cost: the rows that it shows."""
    kept = [row for row in report["rows"] if "reason" not in row]
    names = {row["id"] for row in kept}
    return {
        **report,
        "root": "",
        "rows": kept,
        "ancestors": {},
        "asked": {},
        "duplicates": [],
        "clusters": [_public_cluster(group, names) for group in report["clusters"]],
        "sampled": {"kept": len(kept), "rejected": 0},
        "is_public": True,
    }


def _public_cluster(group: Data, names: set[str]) -> Data:
    members = {key: [row for row in group[key] if row["id"] in names] for key in ("typical", "strangest")}
    return {**group, **members}
