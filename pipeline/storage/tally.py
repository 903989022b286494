"""The counts of a part, a step or a run."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Tally:
    """What happened to the records of a part or a step: rows_in -> made = kept + rejected, but for
    those not drawn, and what it cost.
    """

    rows_in: int = 0
    kept: int = 0
    rejected: dict[str, int] = field(default_factory=dict)  # by reason
    passing: int = 0  # of these, for a reason that may pass: the next run asks again
    not_drawn: int = 0  # records that a step which takes a share of them left alone; no rejects
    requests: int = 0  # replies used, sent for now or found in the reply store
    sent: int = 0  # requests sent
    retries: int = 0  # tries made again, as the server was busy or down or said nonsense
    prompt_tokens: int = 0  # of the replies used
    output_tokens: int = 0
    asked_s: float = 0.0  # from sending to a stored reply, summed over the requests sent
    bad_replies: int = 0  # replies that did not fit their schema, asked again or given up
    seconds: float = 0.0  # summed over parts, which run side by side

    @property
    def n_rejected(self) -> int:
        return sum(self.rejected.values())

    @property
    def made(self) -> int:
        return self.kept + self.n_rejected

    def add(self, other: "Tally") -> None:
        for item in dataclasses.fields(self):
            if item.name != "rejected":
                setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        for reason, count in other.rejected.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + count

    def as_dict(self) -> dict[str, Any]:
        return {
            **dataclasses.asdict(self),
            "made": self.made,
            "seconds": round(self.seconds, 3),
            "asked_s": round(self.asked_s, 3),
        }

    @classmethod
    def is_whole(cls, data: dict[str, Any]) -> bool:
        """Whether `from_dict` can read it: all that is counted is a number."""
        reasons = data.get("rejected", {})
        counts = [data.get(item.name, 0) for item in dataclasses.fields(cls) if item.name != "rejected"]
        return isinstance(reasons, dict) and all(
            isinstance(count, int | float) for count in (*counts, *reasons.values())
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Tally":
        """What an earlier version did not count is 0; what was not drawn it counted among the rejects."""
        found = cls(**{item.name: data[item.name] for item in dataclasses.fields(cls) if item.name in data})
        found.rejected = dict(found.rejected)
        found.not_drawn += found.rejected.pop("not_drawn", 0)
        return found
