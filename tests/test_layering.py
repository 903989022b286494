"""Who may import whom, read from the imports. To add an arrow, add it here with its reason in the commit."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "pipeline"

# module -> modules of pipeline that it may import; `stages` means any stage
ALLOWED: dict[str, set[str]] = {
    "records": set(),
    "tally": set(),
    "errors": set(),
    "cluster": {"errors", "luggage"},
    "luggage": {"stage"},
    "ray_server": {"errors", "model", "server"},
    "guard": set(),
    "text": set(),
    "plain_yaml": {"errors"},
    "benchmarks": {"cache", "errors", "identity", "overlap", "row_files"},
    "row_files": {"errors"},
    "meta_templates": {"bonito", "errors", "plain_yaml", "prompts", "records", "task_types"},
    "cache": set(),
    "interrupts": set(),
    "personal_data": set(),
    "earlier": {"cache", "errors", "identity", "stage"},
    "families": {"word_hashes"},
    "asks": set(),
    "bonito": {"records"},
    "documents": {"errors", "identity", "records"},
    "extract": set(),
    "fidelity": set(),
    "mixing": set(),
    "reading": {"documents", "extract", "records"},
    "reply_forms": {"styles"},
    "rows": {"records"},
    "sentences": set(),
    "styles": {"model"},
    "task_checks": {"asks", "text"},
    "task_types": {"records", "task_checks"},
    "word_hashes": {"text"},
    "overlap": {"word_hashes"},
    "faults": {"model", "prompts", "text"},
    "shingles": {"word_hashes"},
    "minhash": {"shingles", "word_hashes"},
    "near_rows": {"families", "minhash", "shingles", "stage"},
    "spread": set(),
    "clusters": set(),
    "density": set(),
    "vectors": {"clusters", "errors"},
    "draws": set(),
    "pace": set(),
    "model": set(),
    "prompts": {"errors"},
    "stage": {"errors", "model", "records"},
    "identity": {"errors", "model", "prompts"},
    "dag": {"errors", "identity", "model", "stage"},
    "taxonomy": {"errors", "plain_yaml", "text"},
    "settings": {"errors", "plain_yaml"},
    "files": {"errors"},
    "lock": {"errors", "files"},
    "mirror": {"errors", "files", "replies"},
    "store": {"errors", "files", "records", "stage", "tally"},
    "replies": {"errors"},
    "protocol": {"errors", "replies"},
    "client": {"errors", "model", "pace", "protocol", "replies"},
    "asking": {"client", "errors", "model", "pace", "prompts", "protocol", "replies", "tally", "vectors"},
    "fake_model": {"asking", "model", "replies", "tally"},
    "embedded": {"cache", "errors", "packaged"},
    "packaged": set(),
    "local_embedder": {"clusters", "errors", "packaged"},
    "server": {"embedded", "errors", "model"},
    "root": {"dag", "errors", "files", "lock", "mirror", "replies", "store", "tally"},
    "recipe": {"dag"},
    "events": set(),
    "progress": {"stage", "tally"},
    "view": {"events", "progress", "tally"},
    "readable": {"lineage", "records"},
    "worker": {"asking", "model", "replies", "stage", "store", "work"},
    "work": {"asking", "errors", "files", "model", "records", "spread", "stage", "store", "tally"},
    "schedule": {"dag", "events", "identity", "root", "stage", "store", "tally", "work"},
    "contamination": {"dag", "recipe", "root"},
    "trainers": set(),
    "card": {
        "contamination", "dag", "model", "recipe", "records", "root", "rows", "stage", "tally", "trainers",
    },
    "hub": {"errors"},
    "repo_card": {"card", "errors"},
    "lineage": {"dag", "recipe", "rehearse", "root", "stage", "store"},
    "publish": {"dataset", "errors", "files", "hub", "recipe", "repo_card", "root"},
    "dataset": {"card", "contamination", "files", "identity", "recipe", "records", "root", "rows"},
    "status": {"errors", "events", "progress", "root", "store", "tally"},
    "review": {"errors", "files", "plain_yaml", "root", "status", "taxonomy", "text"},
    "rehearse": {"asking", "dag", "errors", "model", "protocol", "replies", "root", "stage", "tally"},
    "sweep": {"dag", "errors", "files", "recipe", "rehearse", "replies", "root", "stage"},
    "forecast": {
        "dag", "model", "prompts", "recipe", "rehearse", "replies", "root", "stage", "store", "tally",
    },
    "plan": {"errors", "forecast", "recipe", "root", "tally"},
    "budget": {"errors", "model", "replies"},
    "serving": {
        "asking", "client", "cluster", "dag", "events", "model", "ray_server", "root", "server", "worker",
    },
    "driver": {
        "budget", "cluster", "dag", "errors", "events", "interrupts", "luggage", "recipe", "root", "schedule",
        "serving", "stage", "store", "work",
    },
    "run": {
        "budget", "client", "dag", "dataset", "driver", "errors", "events", "model", "recipe", "report",
        "root", "schedule", "server", "spread", "stage",
    },
}  # fmt: skip
REPORT = {
    "dag", "events", "files", "lineage", "model", "recipe", "records", "rehearse", "replies", "report",
    "root", "stage", "store", "tally",
}  # fmt: skip
STAGES = {
    "asks", "benchmarks", "bonito", "clusters", "density", "documents", "draws", "earlier", "errors",
    "families", "faults", "fidelity", "local_embedder", "meta_templates", "minhash", "mixing", "model",
    "near_rows", "overlap", "personal_data", "prompts", "reading", "records", "reply_forms", "row_files",
    "sentences", "shingles", "stage", "styles", "task_types", "taxonomy", "text", "vectors", "word_hashes",
}  # fmt: skip
RECIPES = {
    "benchmarks", "dag", "documents", "earlier", "errors", "local_embedder", "meta_templates", "model",
    "recipe", "recipes", "records", "row_files", "settings", "stage", "stages", "task_types", "taxonomy",
}  # fmt: skip

# library -> the files of the engine that alone may import it
OWNED = {
    "ray": "cluster driver ray_server serving spread",
    "aiohttp": "client reading",
    "sqlite3": "replies",
    "jinja2": "prompts page",
    "typer": "__main__ looking options publishing running taxonomy",
    "huggingface_hub": "earlier hub",
    "numba": "word_hashes",
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
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module in ("pipeline", "pipeline.recipes"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found - {"pipeline"}


def ours(path: Path) -> set[str]:
    """The modules of pipeline, or `stages`, that the file imports."""
    names = {name for name in imports(path) if name.split(".")[0] in ("pipeline", "stages")}
    return {name.split(".")[1] if name.startswith("pipeline.") else "stages" for name in names}


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def test_the_engine_keeps_to_its_arrows() -> None:
    for path in ENGINE.glob("*.py"):
        if path.stem in ("__init__", "__main__"):
            continue
        extra = ours(path) - ALLOWED[path.stem]
        assert not extra, f"pipeline/{path.name} imports {extra}"


def test_every_arrow_is_used() -> None:
    for name, allowed in ALLOWED.items():
        assert allowed == ours(ENGINE / f"{name}.py"), name


def test_stages_know_records_and_shapes_alone() -> None:
    for path in (ROOT / "stages").glob("*.py"):
        extra = ours(path) - STAGES
        assert not extra, f"stages/{path.name} imports {extra}"
        assert not libraries(path) & BANNED_IN_STAGES, path.name


def test_only_recipes_import_stages() -> None:
    for path in (ENGINE / "recipes").glob("*.py"):
        assert ours(path) <= RECIPES, path.name
    for path in ENGINE.glob("*.py"):
        assert "stages" not in ours(path), path.name


def test_the_report_reads_what_a_run_has_left() -> None:
    for path in (ENGINE / "report").glob("*.py"):
        assert ours(path) <= REPORT, path.name


def test_a_library_has_one_owner() -> None:
    for path in ENGINE.rglob("*.py"):
        for library in libraries(path) & set(OWNED):
            assert path.stem in OWNED[library].split(), f"pipeline/{path.name} imports {library}"
