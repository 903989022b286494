"""The cards of a repository on the Hub that may hold several datasets, each as a configuration of its own.

One dataset: its card is the repository's. Several: README.md names them all and has the metadata of all, and
each has its own card beside its shards. What others have put into README.md below the metadata is replaced.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from pipeline.errors import PublishError
from pipeline.export.card import LOAD_NAME, escaped, size_category, table

DEFAULT = "default"
HEADER = re.compile(r"\A---\s*\n(.*?\n)---\s*\n(.*)\Z", re.DOTALL)
README = "README.md"


def folder_of(config: str) -> str:
    """Where the shards of a configuration stand in the repository."""
    return "data" if config == DEFAULT else config


def cards(card: str, config: str, there: str | None, repository: str) -> dict[str, str]:
    """The cards of the repository, by path, with `card` as that of `config`.

    `there`: the README.md that the repository has. Raises PublishError where its metadata cannot be read.
    """
    ours, body = parsed(card)
    body = body.replace(LOAD_NAME, repository)
    known, other_body = parsed(there) if there is not None else ({}, "")
    others = {name: info for name, info in _configs(known).items() if name != config}
    if not others and config == DEFAULT:
        return {README: _joined({**known, **ours}, body)}  # with what people have added to the metadata
    mine = _configs(_renamed(ours, config))
    header = _merged(known, ours, {**others, **mine})
    if config != DEFAULT:
        body = body.replace(f'load_dataset("{repository}"', f'load_dataset("{repository}", "{config}"')
    found = {README: _joined(header, _contents(header, repository)), f"{folder_of(config)}/{README}": body}
    if list(others) == [DEFAULT] and len(_configs(known)) == 1:  # until now its card was the repository's
        found[f"{folder_of(DEFAULT)}/{README}"] = other_body
    return found


def parsed(text: str) -> tuple[dict[str, Any], str]:
    """The metadata of a card and what follows. Raises PublishError."""
    found = HEADER.match(text)
    if found is None:
        return {}, text
    try:
        header = yaml.safe_load(found.group(1))
    except yaml.YAMLError as error:
        raise PublishError(
            f"the metadata of {README} on the Hub is no YAML: {error}; mend it there, or publish to another "
            "repository"
        ) from error
    return (header if isinstance(header, dict) else {}), found.group(2)


def _joined(header: Mapping[str, Any], body: str) -> str:
    return f"---\n{yaml.safe_dump(dict(header), sort_keys=False, allow_unicode=True)}---\n{body}"


def _configs(header: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Data files and features of each configuration, by name."""
    infos = _as_list(header.get("dataset_info"))
    by_name = {info.get("config_name", DEFAULT): info for info in infos if isinstance(info, dict)}
    return {
        entry["config_name"]: (entry, by_name.get(entry["config_name"]))
        for entry in _as_list(header.get("configs"))
        if isinstance(entry, dict) and "config_name" in entry
    }


def _renamed(header: Mapping[str, Any], config: str) -> dict[str, Any]:
    """The metadata of a card whose dataset is the configuration `config`."""
    files = [
        {**item, "path": item["path"].replace("data/", f"{folder_of(config)}/", 1)}
        for item in header["configs"][0]["data_files"]
    ]
    return {
        "configs": [{"config_name": config, "data_files": files}],
        "dataset_info": {"config_name": config, **header["dataset_info"]},
    }


def _merged(
    known: Mapping[str, Any], ours: Mapping[str, Any], configs: Mapping[str, tuple[Any, Any]]
) -> dict[str, Any]:
    """The metadata of all configurations: what is ours and what the others brought."""
    header = {**known, **ours}
    for key in ("language", "task_categories", "tags"):
        header[key] = list(dict.fromkeys([*_as_list(known.get(key)), *_as_list(ours.get(key))]))
    if known.get("license") not in (None, ours["license"]):
        header["license"] = "other"  # each card tells its own
    ordered = [configs[name] for name in sorted(configs, key=lambda name: (name != DEFAULT, name))]
    infos = [
        {"config_name": entry["config_name"], **info} for entry, info in ordered if isinstance(info, dict)
    ]
    header["size_categories"] = [size_category(sum(map(_rows, infos)))]
    header["dataset_info"] = infos
    header["configs"] = [entry for entry, _ in ordered]
    return header


def _contents(header: Mapping[str, Any], repository: str) -> str:
    rows = []
    for info in header["dataset_info"]:
        name = info["config_name"]
        card = f"[{folder_of(name)}/{README}]({folder_of(name)}/{README})"
        rows.append((escaped(name), f"{_rows(info):,}", card))
    first = header["configs"][0]["config_name"]
    return "\n\n".join(
        [
            f"\n# {escaped(repository)}",
            f"Made with `academe`; {len(rows)} datasets, each with a card of its own.",
            table(("configuration", "rows", "card"), rows),
            f'```python\nfrom datasets import load_dataset\n\nrows = load_dataset("{repository}", "{first}", '
            'split="train")\n```\n',
        ]
    )


def _rows(info: Mapping[str, Any]) -> int:
    return sum(split.get("num_examples", 0) for split in _as_list(info.get("splits")))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
