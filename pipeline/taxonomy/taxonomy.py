"""A taxonomy file: fields > subfields > disciplines, read and checked as a whole."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import RecipeError
from pipeline.io import plain_yaml
from pipeline.text.text import normalised

LEVELS = ("fields", "sub-fields", "disciplines")  # what the nodes of each depth are called, from the top
DEPTH = len(LEVELS)
FOLDER = Path(__file__).parents[2] / "taxonomy"


Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=ONE_LINE)]
Description = Annotated[str, Field(min_length=1, max_length=300, pattern=ONE_LINE)]


class Place(BaseModel):
    """What every level has: a stable id, a name and one line that says what belongs there."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: Id
    name: Name
    description: Description


class Subfield(Place):
    disciplines: list[Place] = Field(min_length=1)


class TopField(Place):
    subfields: list[Subfield] = Field(min_length=1)


class Taxonomy(BaseModel):
    """A whole taxonomy file."""

    model_config = ConfigDict(extra="forbid")

    fields: list[TopField] = Field(min_length=1)

    def leaves(self) -> Iterator[tuple[TopField, Subfield, Place]]:
        """Every discipline with what is above it, in the order of the file."""
        for field in self.fields:
            for subfield in field.subfields:
                for discipline in subfield.disciplines:
                    yield field, subfield, discipline

    def require(self, ids: Sequence[str], source: str) -> None:
        """Raises RecipeError unless every one of `ids` is a node's."""
        unknown = sorted(set(ids) - {place.id for _, place in self.places()})
        if unknown:
            raise RecipeError(
                f"{source} has no id {', '.join(unknown)}; `academe taxonomy check {source}` lists its ids"
            )

    def places(self) -> Iterator[tuple[tuple[str, ...], Place]]:
        """Every node of every level with its path of names, itself included, parents first."""
        for field in self.fields:
            yield (field.name,), field
            for subfield in field.subfields:
                yield (field.name, subfield.name), subfield
                for discipline in subfield.disciplines:
                    yield (field.name, subfield.name, discipline.name), discipline


def find_taxonomy(name: Path) -> Path:
    """The file that `name` means: a path, or the name of a packaged taxonomy. Raises RecipeError."""
    packaged = FOLDER / f"{name}.yaml"
    for path in (name, packaged):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.yaml")))
    raise RecipeError(f"no taxonomy '{name}': no such file, and the packaged ones are {known}")


def load_taxonomy(path: Path) -> Taxonomy:
    """Reads and checks the file. Raises RecipeError that names the place in it and what to do."""
    data = plain_yaml.read(path)
    _refuse_cycles(data, path, (), (), set())
    try:
        taxonomy = Taxonomy.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = _where(data, fault["loc"]) or "at the top"
        raise RecipeError(
            f"{path}, {where}: {fault['msg']}; see taxonomy/README.md for the format"
        ) from error
    check(taxonomy, str(path))
    return taxonomy


def check(taxonomy: Taxonomy, source: str) -> None:
    """Refuses an id used twice, and a name used twice among siblings or among all disciplines
    (RecipeError).
    """
    ids: dict[str, tuple[str, ...]] = {}
    names: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path, place in taxonomy.places():
        if place.id in ids:
            raise RecipeError(
                f"{source}: the id '{place.id}' stands at {_shown(ids[place.id])} and at "
                f"{_shown(path)}; ids must differ"
            )
        ids[place.id] = path
        parent = () if len(path) == DEPTH else path[:-1]  # a discipline's name must be unique everywhere
        key = (str(len(path)), *parent, normalised(place.name))
        if key in names:
            raise RecipeError(
                f"{source}: the name '{place.name}' stands at {_shown(names[key])} and at {_shown(path)}; "
                "remove one, or say in the name how they differ"
            )
        names[key] = path


def _refuse_cycles(
    data: Any, path: Path, above: tuple[int, ...], keys: tuple[object, ...], cleared: set[int]
) -> None:
    """`cleared`: the nodes known to lead back to none, each visited once however many aliases it has."""
    if not isinstance(data, dict | list) or id(data) in cleared:
        return
    if id(data) in above:
        where = ".".join(str(key) for key in keys)
        raise RecipeError(
            f"{path}, {where}: an alias leads back to what holds it, a cycle; write the node out"
        )
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        _refuse_cycles(value, path, (*above, id(data)), (*keys, key), cleared)
    cleared.add(id(data))


def _where(data: Any, loc: tuple[int | str, ...]) -> str:
    """`fields[2] 'Law' > subfields[0] 'Public law' > name`, as far as the file has names."""
    shown, key = [], ""
    for part in loc:
        data = (
            data[part]
            if isinstance(data, list) and isinstance(part, int)
            else (data.get(part) if isinstance(data, dict) else None)
        )
        if isinstance(part, int):
            name = data.get("name") if isinstance(data, dict) else None
            shown.append(f"{key}[{part}]" + (f" '{name}'" if name else ""))
            key = ""
        else:
            key = str(part)
    return " > ".join([*shown, key] if key else shown)


def _shown(path: tuple[str, ...]) -> str:
    return "'" + " > ".join(path) + "'"
