"""Draw sessions and key concepts of a syllabus for a question, without replacement.

Source: GLAN (https://arxiv.org/abs/2402.13064), section 2.4. *single*: one session with u concepts, some of
them; sum over i of C(u, i) choices. *pair*: two sessions with m and n concepts, both of which contribute; sum
over i of C(m + n, i) - C(m, i) - C(n, i) choices. The paper leaves the shares open: we draw the number of
concepts uniformly among the numbers that still have choices, then the sessions among those that do.
"""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import RecipeError

Stratum = tuple[tuple[int, ...], int]  # the sessions, and how many concepts


@dataclass(frozen=True)
class Draw:
    """What one question is to be about."""

    sessions: tuple[int, ...]  # indices, ascending: one, or two
    concepts: tuple[tuple[int, int], ...]  # (session, concept) indices, ascending


def n_single(n: int, size: int) -> int:
    """Choices of `size` concepts of one session with `n`."""
    return math.comb(n, size)


def n_pair(m: int, n: int, size: int) -> int:
    """Choices of `size` concepts of two sessions with `m` and `n`, at least one of each."""
    return math.comb(m + n, size) - math.comb(m, size) - math.comb(n, size)


def draw_singles(counts: Sequence[int], sizes: range, rng: random.Random) -> Iterator[Draw]:
    """All single-session draws in random order, each once; `counts` has the concepts of each session."""
    strata: dict[Stratum, int] = {
        ((session,), size): n_single(count, size)
        for session, count in enumerate(counts)
        for size in sizes
        if n_single(count, size)
    }
    return _without_replacement(counts, strata, rng)


def draw_pairs(counts: Sequence[int], sizes: range, rng: random.Random) -> Iterator[Draw]:
    """All two-session draws in random order, each once. Memory: sessions squared times sizes, and what was
    drawn.
    """
    strata: dict[Stratum, int] = {
        (pair, size): n_pair(counts[pair[0]], counts[pair[1]], size)
        for pair in itertools.combinations(range(len(counts)), 2)
        for size in sizes
        if n_pair(counts[pair[0]], counts[pair[1]], size)
    }
    return _without_replacement(counts, strata, rng)


def _without_replacement(
    counts: Sequence[int], strata: dict[Stratum, int], rng: random.Random
) -> Iterator[Draw]:
    by_size: dict[int, list[Stratum]] = {}
    for stratum in strata:
        by_size.setdefault(stratum[1], []).append(stratum)
    left = dict(strata)
    seen: set[Draw] = set()
    while by_size:
        size = rng.choice(sorted(by_size))
        place = rng.randrange(len(by_size[size]))
        stratum = by_size[size][place]
        draw = _fresh(counts, stratum, seen, rng)
        seen.add(draw)
        left[stratum] -= 1
        if not left[stratum]:
            by_size[size].pop(place)
            if not by_size[size]:
                del by_size[size]
        yield draw


def _fresh(counts: Sequence[int], stratum: Stratum, seen: set[Draw], rng: random.Random) -> Draw:
    """A draw of the stratum that was not seen. By trial: a syllabus has far more choices than questions."""
    sessions, size = stratum
    concepts = [(session, concept) for session in sessions for concept in range(counts[session])]
    while True:
        draw = Draw(sessions, tuple(sorted(rng.sample(concepts, size))))
        if draw not in seen and {session for session, _ in draw.concepts} == set(sessions):
            return draw


def draw_weighted(weights: Mapping[str, float], n: int, rng: random.Random) -> list[str]:
    """At most `n` different names, each the likelier the greater its weight; none of weight 0. The largest of
    u^(1/w) are a weighted sample without replacement (Efraimidis and Spirakis 2006); their logarithms are
    compared, as the powers of small weights are all 0.
    """
    most = max(weights.values(), default=0)
    drawn = {name: (rng.random(), weight / most) for name, weight in weights.items() if weight > 0}
    keys = {name: math.log(u) / weight if u else -math.inf for name, (u, weight) in drawn.items()}
    return sorted(keys, key=lambda name: -keys[name])[:n]


def check_weights(weights: Mapping[str, float], key: str) -> None:
    """Raises RecipeError where nothing could be drawn by the weights of the setting `key`."""
    if not any(weight > 0 for weight in weights.values()):
        names = ", ".join(weights) or "none"
        raise RecipeError(f"{key}: expected at least one with a weight above 0, got none of: {names}")
