"""What a run would do and cost, in words, before anything is started and while it goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.dag import check, steps_to
from pipeline.errors import RecipeError
from pipeline.inspection.forecast import Forecast, forecast
from pipeline.recipe import Recipe
from pipeline.storage.root import Root
from pipeline.storage.tally import Tally

WHENCE = {
    "before": "'before' has the rates of the same step with other settings in this root",
    "like": "'like' has the rates of a finished run elsewhere that asked the same models",
    "input": "'input' has the requests that the step's input leads to, and the replies that came so far",
    "guess": "'guess' follows from the settings alone and is most often too high: a model names fewer "
    "subjects than it may, and a syllabus has fewer sets of concepts than questions.per_syllabus asks for; "
    "a short run measures: --until STEP, on few disciplines, or --like ROOT",
}


def plan_lines(recipe: Recipe, root: Root, like: Mapping[str, Tally] | None = None) -> Iterator[str]:
    """A line a step, of the whole run, and what is to go. Raises RecipeError where a stage cannot work."""
    check(steps_to(recipe.last))
    steps = forecast(recipe, root, like)
    yield f"{recipe.name} in {root}"
    titles = ("rows in", "rows out", "requests", "prompt tokens", "output tokens", "time left")
    width = max(len(item.step.name) for item in steps)
    head = " ".join(f"{title:>13}" for title in titles)
    yield f"  {'step':<{width}} {'id':<12} {'state':<7} {head}  rates"
    for item in steps:
        counts = (item.rows_in, item.rows_out, item.requests, item.prompt_tokens, item.output_tokens)
        cells = [*(f"{count:,.0f}" for count in counts), duration(item.seconds_left)]
        line = f"  {item.step.name:<{width}} {item.step.id:<12} {item.state:<7} "
        line += " ".join(f"{cell:>13}" for cell in cells)
        yield f"{line}  {item.basis}"
    yield f"  {whole(steps)}"
    yield f"  {to_go(steps)}"
    for basis, text in WHENCE.items():
        if any(item.basis == basis for item in steps):
            yield f"  {text}"


def expect(status: dict[str, Any], root: Root, wire: Callable[[], Recipe]) -> None:
    """Adds to what `status` says of a run's steps what they come to, and what is to go in all.

    A recipe that cannot be wired any more, its taxonomy gone or its settings of another version, is no fault
    of a status: then it says so.
    """
    try:
        steps = forecast(wire(), root)
    except RecipeError as error:
        status["to_go"] = f"to go: cannot be told: {error}"
        return
    numbers = {item.step.id: item.numbers() for item in steps}
    for step in status["steps"]:
        if step["id"] in numbers:
            step["expected"] = numbers[step["id"]]
    status["to_go"] = to_go(steps)


def whole(steps: Sequence[Forecast]) -> str:
    """What the run asks from its start to its end."""
    tokens = sum(item.prompt_tokens + item.output_tokens for item in steps)
    requests = sum(item.requests for item in steps)
    return f"the whole run: about {requests:,.0f} requests, {tokens:,.0f} tokens"


def to_go(steps: Sequence[Forecast]) -> str:
    """What is left to ask, its time and its price, and the rows that are asked again."""
    requests = sum(item.requests - item.done.requests for item in steps)
    prompt = sum(item.prompt_tokens - item.done.prompt_tokens for item in steps)
    output = sum(item.output_tokens - item.done.output_tokens for item in steps)
    text = f"to go: about {requests:,.0f} requests, {prompt:,.0f} prompt and {output:,.0f} output tokens"
    text += _sum([item.seconds_left for item in steps], duration) or ", time unknown"
    text += _sum([item.gpu_hours_left for item in steps], lambda hours: f"{hours:,.1f} GPU-hours")
    text += _sum([item.usd_left for item in steps], lambda usd: f"${usd:,.2f}")
    text = f"{text}; less what is stored" if requests else "to go: no requests"
    again = {item.step.name: item.done.passing for item in steps if item.done.passing}
    if again:
        rows = ", ".join(f"{n:,} of {name}" for name, n in again.items())
        text += f"; beside it rows that were refused for a passing reason are asked again: {rows}"
    return text


def _sum(values: Sequence[float | None], say: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    if not any(known):
        return ""
    return f", {'at least ' if len(known) < len(values) else ''}{say(sum(known))}"


def duration(seconds: float | None) -> str:
    """In the largest unit that leaves at least two of it."""
    if seconds is None:
        return "?"
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"
