"""Rejects as a step's folder keeps them: the reason, what was measured, and the record that went."""

import json
import re
from collections.abc import Sequence

import pyarrow as pa

from pipeline.records import Record, as_json
from pipeline.stage import Reject

REJECTS = pa.schema(
    [
        ("id", pa.string()),  # of the record that went, or of the record it would have been made from
        ("reason", pa.string()),
        ("got", pa.string()),  # JSON
        ("limit", pa.string()),  # JSON
        ("twin", pa.string()),
        ("record", pa.string()),  # JSON
    ]
)
_HALF = re.compile("[\ud800-\udfff]")


def reject_table(rejects: Sequence[tuple[Reject, Record]]) -> pa.Table:
    return pa.table(
        {
            "id": [record.id for _, record in rejects],
            "reason": [reject.reason for reject, _ in rejects],
            "got": [_json(reject.got) for reject, _ in rejects],
            "limit": [_json(reject.limit) for reject, _ in rejects],
            "twin": [reject.twin for reject, _ in rejects],
            "record": [as_json(record) for _, record in rejects],
        },
        schema=REJECTS,
    )


def _json(value: object) -> str:
    """As JSON that any file can hold: half of a surrogate pair, which UTF-8 cannot spell, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if _HALF.search(text) else text
