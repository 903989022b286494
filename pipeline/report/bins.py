"""Histograms: bins of one width, and how many values are in each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 24
OUTER = 0.005  # share of values at either end that the outer bins take in
SAME = 1e-4  # values nearer than that are one
FARTHEST = 1e12  # where the outer bins begin at the latest: beyond it steps of a bin are lost in rounding

Numbers = NDArray[Any]


def edges_of(*groups: Numbers) -> list[float]:
    """Of bins of one width that hold nearly all of each group; what is far out is in the first and last.
    The values must be finite, and in one group at least there must be some.
    """
    ranges = [np.quantile(numbers, (OUTER, 1 - OUTER)) for numbers in groups if len(numbers)]
    low, high = np.clip((np.min(ranges), np.max(ranges)), -FARTHEST, FARTHEST)
    are_whole = all((numbers == np.round(numbers)).all() for numbers in groups)
    if are_whole and high > 1:  # not shares that are all 0 or 1
        width = max(1, -(-int(high - low + 1) // BINS))
        return [float(edge) for edge in np.arange(int(low), int(high) + width + 1, width)]
    if high - low < SAME:
        high = low + 1
    return [float(f"{edge:.6g}") for edge in np.linspace(low, high, BINS + 1)]


def counted(numbers: Numbers, edges: list[float]) -> list[int]:
    """How many values are in each bin."""
    counts, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), edges)
    return [int(count) for count in counts]
