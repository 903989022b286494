"""Who may import whom, by package, read from the imports. To add an arrow, add it here with its reason in the
commit.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / "pipeline"

# The main path: what every package may import, and what each of its modules may import of it.
MAIN_PATH: dict[str, set[str]] = {
    "errors": set(),
    "model": {"io"},
    "records": set(),
    "prompts": {"errors"},
    "stage": {"errors", "model", "records"},
    "identity": {"errors", "model", "prompts"},
    "dag": {"errors", "identity", "model", "stage"},
    "recipe": {"dag"},
    "settings": {"errors", "io"},
}

# package -> the packages that it may import beside the main path
ALLOWED: dict[str, set[str]] = {
    "io": set(),
    "text": set(),
    "documents": {"io", "text"},  # text: what a script without spaces is
    "storage": {"io"},
    "embeddings": {"io"},
    "dedup": {"io", "text"},
    "synthesis": {"io", "text"},
    "inference": {"embeddings", "io", "storage", "text"},
    "engine": {"inference", "io", "storage"},
    "inspection": {"inference", "io", "storage"},
    "export": {"io", "report", "storage", "text"},
    "report": {"inspection", "io", "storage"},
    "taxonomy": {"inspection", "io", "storage", "text"},
    "recipes": {"dedup", "documents", "embeddings", "io", "stages", "synthesis", "taxonomy"},
}
LAST = {"run", "__main__", "commands"}  # may import all
FOR_STAGES = {"dedup", "documents", "embeddings", "io", "synthesis", "taxonomy", "text"}
MAIN_PATH_FOR_STAGES = {"errors", "model", "prompts", "records", "stage"}

# library -> the modules that alone may import it
OWNED = {
    "ray": "cluster driver ray_server serving spread",
    "aiohttp": "bodies client places reading",
    "sqlite3": "replies reply_file spending",
    "jinja2": "prompts page",
    "typer": "__main__ growing looking options publishing running",
    "huggingface_hub": "earlier hub",
    "numba": "kernel_cache letters",
    "pypdfium2": "extract",
    "sentencex": "sentences",
    "trafilatura": "extract",
    "phonenumbers": "personal_data",
    "stdnum": "personal_data",
    "torch": "embedded local_embedder",
    "transformers": "embedded local_embedder",
}
BANNED_IN_STAGES = {"ray", "vllm", "aiohttp", "datasets", "random", "os", "logging", "time"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "pipeline":
            found |= {f"pipeline.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def ours(path: Path) -> set[str]:
    """The packages and main-path modules of pipeline, or `stages`, that the file imports."""
    names = [name.split(".") for name in imports(path)]
    of_pipeline = {name[1] for name in names if name[0] == "pipeline" and len(name) > 1}
    return of_pipeline | ({"stages"} if any(name[0] == "stages" for name in names) else set())


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def test_every_package_has_its_row() -> None:
    packages = {path.parent.name for path in PIPELINE.glob("*/__init__.py")}
    assert packages == (set(ALLOWED) | LAST) - {"run", "__main__"}


def test_the_main_path_keeps_to_its_arrows() -> None:
    for name, allowed in MAIN_PATH.items():
        assert ours(PIPELINE / f"{name}.py") == allowed, name
    modules = {path.stem for path in PIPELINE.glob("*.py")}
    assert modules == set(MAIN_PATH) | LAST - {"commands"} | {"__init__"}


def test_packages_keep_to_their_arrows() -> None:
    for package, allowed in ALLOWED.items():
        used: set[str] = set()
        for path in (PIPELINE / package).rglob("*.py"):
            found = ours(path) - set(MAIN_PATH) - {package}
            assert found <= allowed, f"{path.relative_to(ROOT)} imports {found - allowed}"
            used |= found
        assert used == allowed, f"{package} has an arrow that it does not use"


def test_stages_know_records_and_shapes_alone() -> None:
    for path in (ROOT / "stages").rglob("*.py"):
        extra = ours(path) - FOR_STAGES - MAIN_PATH_FOR_STAGES
        assert not extra, f"stages/{path.name} imports {extra}"
        assert not libraries(path) & BANNED_IN_STAGES, path.name


def test_a_library_has_one_owner() -> None:
    for path in PIPELINE.rglob("*.py"):
        for library in libraries(path) & set(OWNED):
            assert path.stem in OWNED[library].split(), f"{path.relative_to(ROOT)} imports {library}"


def test_a_module_is_known_by_its_name() -> None:
    names = [path.stem for path in PIPELINE.rglob("*.py") if path.stem != "__init__"]
    assert sorted(names) == sorted(set(names))
