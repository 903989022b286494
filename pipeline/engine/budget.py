"""What one command may spend, and a meter that says when it has."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RecipeError
from pipeline.model import ModelSpec
from pipeline.storage.spending import Spending


@dataclass(frozen=True)
class Budget:
    """Limits of one command; None is no limit. What is stored already costs nothing."""

    tokens: int | None = None  # prompt and output together
    usd: float | None = None
    minutes: float | None = None


NO_LIMIT = Budget()


class Meter:
    """Reads what is spent from the reply store, so that lost workers do not make it forget.

    Raises RecipeError for a limit in dollars where no model has a price.
    """

    def __init__(self, budget: Budget, specs: Sequence[ModelSpec], replies: Path) -> None:
        self._budget = budget
        self._specs = {spec.name: spec for spec in specs}
        self._started = time.monotonic()
        prices = [spec.price for spec in specs]
        if budget.usd is not None and specs and not any(p.prompt or p.output or p.hour for p in prices):
            names = ", ".join(sorted(self._specs))
            raise RecipeError(
                f"--budget-usd {budget.usd:g}: no price is known for {names}; set one, e.g. "
                "--set planner.price.output=0.6 (USD a million output tokens; see also prompt and hour)"
            )
        counts = budget.tokens is not None or budget.usd is not None
        self._spending = Spending(replies) if counts else None

    def limit_reached(self, in_flight: Mapping[str, int]) -> str | None:
        """What is used up, in words, once what was spent and the requests `in_flight`, by model and at their
        mean so far, come to a limit.
        """
        minutes = (time.monotonic() - self._started) / 60
        if self._budget.minutes is not None and minutes >= self._budget.minutes:
            return f"--max-minutes {self._budget.minutes:g}"
        if self._spending is None:
            return None
        tokens, usd = 0.0, sum(spec.price.of(0, 0, 60 * minutes) for spec in self._specs.values())
        for name, used in self._spending.read().items():
            more = 1 + in_flight.get(name, 0) / used.replies
            tokens += more * (used.prompt_tokens + used.output_tokens)
            if name in self._specs:
                usd += self._specs[name].price.of(more * used.prompt_tokens, more * used.output_tokens, 0)
        if self._budget.tokens is not None and tokens >= self._budget.tokens:
            return f"--budget-tokens {self._budget.tokens}"
        if self._budget.usd is not None and usd >= self._budget.usd:
            return f"--budget-usd {self._budget.usd:g}"
        return None
