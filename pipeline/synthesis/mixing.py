"""How many rows of each source a mixture takes: pure arithmetic."""

import math
from collections.abc import Mapping


def apportioned(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """`total` in whole numbers that are proportional to the weights to within one, and sum to it (largest
    remainder, Hamilton 1792); ties go by name. 0 for all when no weight is above 0.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return dict.fromkeys(weights, 0)
    exact = {name: total * weight / whole for name, weight in weights.items()}
    counts = {name: math.floor(value) for name, value in exact.items()}
    rest = sorted(weights, key=lambda name: (counts[name] - exact[name], name))
    for name in rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts


def mixed(
    available: Mapping[str, int], weights: Mapping[str, float], total: int | None = None
) -> dict[str, int]:
    """The largest mixture, of at most `total` rows, that has the sources in proportion to their weights and
    asks of none for more than there is. Sources without a weight, or of weight 0, give none.
    """
    asked = {name: weight for name, weight in weights.items() if weight > 0}
    most = sum(available.get(name, 0) for name in asked)
    low, high = 0, most if total is None else min(total, most)
    while low < high:  # what fits at n rows fits at fewer, but for rounding, which the last step sees to
        middle = (low + high + 1) // 2
        if _fits(apportioned(asked, middle), available):
            low = middle
        else:
            high = middle - 1
    counts = apportioned(asked, low)
    return {name: counts.get(name, 0) for name in available}


def beside_real(available: Mapping[str, int], real: str, shares: Mapping[str, float]) -> dict[str, float]:
    """Weights that keep all rows of every source but `real`, and of that as many as make the rows of each
    source the share that `shares` asks for (0..1; 1 needs no real rows).
    """
    weights: dict[str, float] = {name: float(n) for name, n in available.items() if name != real}
    weights[real] = sum(n * (1 - shares[name]) / shares[name] for name, n in weights.items())
    return weights


def _fits(counts: Mapping[str, int], available: Mapping[str, int]) -> bool:
    return all(n <= available.get(name, 0) for name, n in counts.items())
