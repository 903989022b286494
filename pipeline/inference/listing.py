"""The models that an endpoint lists, in the forms that servers list them in."""

from pipeline.errors import ModelUnavailable
from pipeline.inference.protocol import NoReply, decoded
from pipeline.model import ModelSpec
from pipeline.text.encodable import encodable

PREFIX = "models/"  # before the names that Gemini lists, and not before those that it takes


def names_in(data: bytes) -> list[str]:
    """The names in the body of an answer: {"data": [{"id": ...}]}, {"models": [...]} or the list alone; none
    where it is no list.
    """
    try:
        found = decoded(data)
    except NoReply:
        return []
    if isinstance(found, dict):
        found = found.get("data") or found.get("models")
    models = found if isinstance(found, list) else []
    named = [(model.get("id") or model.get("name")) if isinstance(model, dict) else model for model in models]
    return [encodable(name) for name in named if isinstance(name, str) and name]


def refuse_unlisted(spec: ModelSpec, names: list[str]) -> None:
    """Raises ModelUnavailable unless the model is among the names, with or without PREFIX, and with or
    without a variant behind a colon that some routers take.
    """
    listed = {name.removeprefix(PREFIX) for name in names}
    name = spec.name.removeprefix(PREFIX)
    if name not in listed and name.rpartition(":")[0] not in listed:
        raise ModelUnavailable(f"{spec.url} does not serve '{spec.name}'; it serves: {', '.join(names)}")
