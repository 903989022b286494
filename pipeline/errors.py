"""The errors a user can meet, each with the exit code of the command that meets it.

    PipelineError                1  a fault of ours
    ├── RecipeError              2  settings, wiring, taxonomy or command line are wrong
    │   └── PromptError          2  a template is missing, or names what it was not given
    ├── StoreError               2  the root folder cannot be used: locked, full, of another version
    ├── GateFailed               3  the run ended, but what it made is not good enough
    ├── PublishError             5  the Hub did not take what was to be published
    ├── BudgetSpent              6  the run stopped at a limit that it was given
    └── ModelError
        ├── ModelUnavailable     4  no answer from the model server
        │   └── OutOfCredit      4  the server asks for money, not for another request
        └── BadReply             -  the model answered, but not what was asked for; becomes a reject
            ├── RequestRefused   -  the server will not take this request; becomes a reject
            └── RequestFailed    -  no try brought a reply that can be read; becomes a reject

Every message says where, what was expected, what came and what to do. All of them survive pickling,
because they cross process borders.
"""

import difflib
from collections.abc import Sequence

MAX_LISTED = 10  # names in a message
CLOSE = 0.5  # of 1: how alike a name must be to be taken for a slip
INTERRUPTED = 130  # of a command that was ended by Ctrl-C or SIGTERM


class PipelineError(Exception):
    """Anything that stops a run for a known reason."""

    exit_code = 1


class RecipeError(PipelineError):
    """What the user asked for cannot be run as written."""

    exit_code = 2


class PromptError(RecipeError):
    """A prompt template is missing or does not fit its stage."""


class StoreError(PipelineError):
    """The root folder cannot be read or written."""

    exit_code = 2


class GateFailed(PipelineError):
    """The run ended, or was stopped, because its output is not good enough."""

    exit_code = 3


class PublishError(PipelineError):
    """The dataset did not get to the Hub."""

    exit_code = 5


class BudgetSpent(PipelineError):
    """The run stopped, with all that it has, at a limit that it was given."""

    exit_code = 6


class ModelError(PipelineError):
    """Something between the pipeline and the model."""

    exit_code = 4


class ModelUnavailable(ModelError):
    """The server cannot be reached, refuses us, or does not serve the model."""


class OutOfCredit(ModelUnavailable):
    """The account has no credit left, or has reached the limit that it pays for."""


class BadReply(ModelError):
    """The model answered, but not with what was asked for. `raw` is the last answer, whole."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message, raw)
        self.message = message
        self.raw = raw

    def __str__(self) -> str:
        return self.message


class RequestRefused(BadReply):
    """The server will not take the request, however often it is asked: too long, or not understood. `raw` is
    what the server said.
    """


FAILED = "the request failed"  # begins the message of each RequestFailed, and so the limit of its reject


class RequestFailed(BadReply):
    """A fault of the server, or of the way to it, in all tries of this one request, while others were
    answered. `raw` is the start of what the server said last.
    """


def nearest(name: str, known: Sequence[str], what: str) -> str:
    """What to say of a name that nobody knows: the one that was likely meant, and `what` with those there
    are, where they are few or none is near.
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=CLOSE)
    told = [f"did you mean '{near[0]}'?"] if near else []
    if not near or len(known) <= MAX_LISTED:
        more = f" and {len(known) - MAX_LISTED} more" if len(known) > MAX_LISTED else ""
        told.append(f"{what} {', '.join(known[:MAX_LISTED])}{more}")
    return " ".join(told)
