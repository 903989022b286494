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
    """The largest mixture, of at most `total` rows, whose apportionment by the weights asks of no source for
    more than there is. Sources without a weight, or of weight 0, give none.

    What fits at n rows need not fit at fewer (the Alabama paradox of largest remainders), so all numbers are
    tried from the greatest down that may fit. Cost: at most (1 / the smallest share) of them, 2 microseconds
    each.
    """
    asked = {name: weight for name, weight in weights.items() if weight > 0}
    whole = sum(asked.values())
    most = sum(available.get(name, 0) for name in asked)
    # A source of share s gets n s rounded down at least.
    bounds = [(available.get(name, 0) + 1) * (whole / weight) + 1 for name, weight in asked.items()]
    n = int(min(most, *bounds, *([] if total is None else [total]))) if asked else 0
    while not _fits(counts := apportioned(asked, n), available):  # 0 rows fit
        n -= 1
    return {name: counts.get(name, 0) for name in available}


def with_all_real(
    available: Mapping[str, int], real: str, shares: Mapping[str, float], total: int | None = None
) -> dict[str, int]:
    """All rows of `real`, and of the other sources as many as their shares (see `beside_real`) allow beside
    them; all where they are too few. Where that is above `total`, each source in proportion to it.
    """
    weights = beside_real(available, real, shares)
    few = weights[real] <= available[real]
    counts = dict(available) if few else {**mixed(available, weights), real: available[real]}
    return counts if total is None else mixed(counts, dict(counts), total)


def beside_real(available: Mapping[str, int], real: str, shares: Mapping[str, float]) -> dict[str, float]:
    """Weights that keep all rows of every source but `real`, and of that as many as make the rows of each
    source the share that `shares` asks for (0..1; 1 needs no real rows).
    """
    weights: dict[str, float] = {name: float(n) for name, n in available.items() if name != real}
    weights[real] = sum(n * (1 - shares[name]) / shares[name] for name, n in weights.items())
    return weights


def _fits(counts: Mapping[str, int], available: Mapping[str, int]) -> bool:
    return all(n <= available.get(name, 0) for name, n in counts.items())
