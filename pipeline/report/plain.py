"""What a report tells as data that every reader of JSON takes."""

import math
import re
from typing import Any

HALF = re.compile("[\ud800-\udfff]")  # of a pair that stands for one character: no text when alone
MOST_BITS = 1_023  # of a whole number that a reader of JSON has a number for


def plain(value: Any) -> Any:
    """The same data; numbers that no reader has are null, and halves of surrogate pairs U+FFFD."""
    match value:
        case str():
            return HALF.sub("\ufffd", value)
        case bool() | None:
            return value
        case int():
            return value if value.bit_length() <= MOST_BITS else None
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {plain(str(key)): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return value
