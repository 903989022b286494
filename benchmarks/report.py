"""What all benchmarks share: the `--json` option, what they ran on, and their numbers."""

import argparse
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from typing import Any


def argument_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser with `--json`, whose help is the script's docstring."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    return parser


def print_machine(*packages: str) -> None:
    """The machine, and the versions of `packages`."""
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(
        platform.machine(), os.cpu_count(), "cores, python", platform.python_version(), versions, flush=True
    )


def print_numbers(found: Mapping[str, Any], as_json: bool) -> None:
    """A line a number, and all in one JSON object where it is asked for."""
    for name, value in found.items():
        print(f"{name:<24} {value:,.2f}")
    if as_json:
        print(json.dumps(found))
