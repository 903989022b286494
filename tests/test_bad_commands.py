"""Command lines that cannot be meant: each ends with 2, says what was expected, and starts nothing."""

import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.dag import steps_to
from pipeline.recipes import load_recipe
from pipeline.storage.root import Root

FRAME = re.compile(r"[│╭╮╰╯─\s]+")  # around what typer says
FILES = {
    "text": b"x",
    "empty.yaml": b"",
    "open.yaml": b"a: [1\nb: 2",
    "list.yaml": b"- 1\n- 2",
    "binary.yaml": b"\xff\xfe\x00\x89",
    "tab.yaml": b"a:\n\t- b",
    "object.yaml": b"planner: !!python/object:os.system {}",
    "twice.yaml": b"gates: {}\ngates: {}",
    "nul.yaml": b"a: \x00",
    "folder/a.txt": b"A text.",
}
ASK = "--endpoint http://127.0.0.1:9/v1 --model m"

# T is a folder with FILES, an empty folder, and the root of a run that has just begun.
RUNS = [
    ("nosuch", "no recipe 'nosuch'; did you mean 'instruct'. the recipes are: instruct,"),
    ("''", "the recipes are: instruct, documents, wrap, bonito, propose"),
    ("instruct extra", "unexpected extra argument"),
    ("--nosuch", "No such option: --nosuch"),
    ("--dry-run=yes", "'--dry-run' does not take a value"),
    ("--config ''", "no settings ''.* the presets are cpu-long, glan, laptop"),
    ("--config T", "no such file, and no preset; the presets are"),
    ("--config T/none.yaml", "no settings 'T/none.yaml': no such file"),
    ("--config ../laptop", "did you mean 'laptop'"),
    ("--config T/empty.yaml", "settings from T/empty.yaml: planner: Field required"),
    ("--config T/open.yaml", "T/open.yaml is not YAML: .* line 2, column 2"),
    ("--config T/list.yaml", "T/list.yaml: expected settings as `key: value`, got list"),
    ("--config T/binary.yaml", "cannot read T/binary.yaml: .*; save it as text in UTF-8"),
    ("--config T/tab.yaml", r"T/tab.yaml is not YAML: .*'\\t' .* line 2, column 1"),
    ("--config T/object.yaml", "T/object.yaml is not YAML: could not determine a constructor"),
    ("--config T/twice.yaml", "key 'gates' stands twice, in lines 1 and 2; keep one"),
    ("--config T/nul.yaml", "T/nul.yaml is not YAML: unacceptable character"),
    ("--set ''", "expected KEY=VALUE, e.g. --set questions.per_syllabus=4"),
    ("--set planner", "--set planner: expected KEY=VALUE"),
    ("--set =3", "unknown key ''; the keys there are"),
    ("--set phone=1", "unknown key 'phone'; did you mean 'planner'"),
    ("--set planner.=3", "unknown key 'planner.'; the keys there are: api_key_env"),
    ("--set planner=", "--set planner: .*valid dictionary or instance of ModelSpec, got None"),
    ("--set planner=3", "--set planner: .*got 3"),
    ("--set questions.per_syllabus=", "--set questions.per_syllabus: .*valid integer, got None"),
    ("--set questions.per_syllabus=-1", "greater than or equal to 1, got -1"),
    ("--set questions.per_syllabus=1.5", "valid integer, .* got 1.5"),
    ("--set 'questions.per_syllabus=[1'", "--set questions.per_syllabus is not YAML"),
    ("--set questions.per_syllabus.x=1", "'questions.per_syllabus' is a value, .*; set it as a whole"),
    ("--set questions=[]", "--set questions: .*dictionary"),
    ("--set taxonomy.only=genetics", "--set taxonomy.only: .*valid tuple, got 'genetics'"),
    ("--set taxonomy.path=T", "no taxonomy 'T': no such file, and the packaged ones are knowledge, laptop"),
    ("--set taxonomy.path=T/text", "T/text, at the top: .*; see taxonomy/README.md for the format"),
    ("--set taxonomy.path=T/binary.yaml", "save it as text in UTF-8"),
    ("--set earlier=[T/none]", "no such folder or file; expected one, or a name on the Hub"),
    ("--set earlier=[T/folder]", "expected a column messages or conversations, .*; got text"),
    ("--set contamination.benchmarks=[T/none]", "cannot read T/none: .*; check the path"),
    ("--set contamination.benchmarks=[T]", "cannot read T: Is a directory; check the path"),
    ("--set contamination.benchmarks=[T/text]", "expected .jsonl, .jsonl.gz or .parquet"),
    ("--set gates.min_rows=-1", "greater than or equal to 0, got -1"),
    ("--set dataset.test_share=1", "less than 1, got 1"),
    ("--set planner.serve=cloud", "'local', 'ray' or 'endpoint', got 'cloud'"),
    ("--set planner.url=http://h/v1", "serve: local reads no url; add serve: endpoint"),
    ("--set without=distinct", "--set without: .*valid tuple"),
    ("--set without=[answers]", "'answers' makes rows, so it cannot be left out"),
    ("--set judge={}", "judge.name: Field required"),
    ("--set embedder=remote", "--set embedder: .*ModelSpec, got 'remote'; Input should be 'local'"),
    ("--set answers.prompt=../../etc/passwd", "no prompt '../../etc/passwd'"),
    ("--endpoint http://h/v1", "--endpoint and --model go together"),
    ("--model m", "--endpoint and --model go together"),
    ("--endpoint '' --model m", "serve: endpoint needs a url, e.g. url: http://localhost:8000/v1"),
    ("--endpoint nonsense --model m", "--set planner: url must be an http"),
    ("--endpoint ftp://h/v1 --model m", "url must be an http.* address, e.g. url: http"),
    ("--endpoint http://h:99999/v1 --model m", "url must be an http.* address"),
    ("--endpoint http://h:port/v1 --model m", "url must be an http.* address"),
    ("--endpoint http://ann:word@h/v1 --model m", "url must hold no name, password or key; put the key into"),
    ("--endpoint http://h/v1 --model ''", "planner.name: .*at least 1 character"),
    ("--root ''", "the root is an empty name, .*; name a folder or a URL"),
    ("--root ' '", "the root is an empty name"),
    ("--root T/text", "T/text is a file; name a folder"),
    ("--root T/text/below", "T/text is a file; name a folder"),
    ("--root nosuch://x", "Unsupported filesystem: 'nosuch'; for s3://"),
    ("--root http://h/x", "expected a folder, or a URL with a bucket .* like s3://bucket/folder"),
    ("--root s3://", "expected a folder, or a URL with a bucket"),
    ("--root s3://ann:word@bucket/x", "a root's address must hold no name or password"),
    ("--docs T/folder", "instruct reads no documents; leave out --docs, or run documents or wrap"),
    ("documents", "no documents are named: say --docs FOLDER"),
    (
        "documents --docs T/none",
        "documents 'T/none': there is no file; expected a file, a folder, a glob or a",
    ),
    ("documents --docs ''", "documents '': there is no file"),
    ("documents --docs T/none.d", "expected a file, a folder, a glob or a URL"),
    ("documents --docs nosuch://x", "Protocol not known: nosuch; expected a file"),
    ("wrap --docs 'T/*.nosuch'", "there is no file; expected"),
    ("bonito --config example --docs T/folder", "bonito reads no documents; leave out --docs"),
    ("bonito --config example --endpoint http://h/v1 --model m", "'bonito' asks no model"),
    ("bonito --config example --set sets.0.cap=3", "'sets' is a value, .*; set it as a whole"),
    (f"{ASK} --from nosuch", "'instruct' has no step 'nosuch'; its steps are"),
    (f"{ASK} --until ''", "'instruct' has no step ''; its steps are"),
    (f"{ASK} --from answers --until drafts", "step 'answers' is not before 'drafts'; swap"),
    (f"{ASK} --budget-tokens 0", "'--budget-tokens': .*greater than or equal to 1"),
    (f"{ASK} --budget-tokens many", "'--budget-tokens': .*valid integer"),
    (f"{ASK} --budget-usd -1", "'--budget-usd': .*greater than or equal to 0"),
    (f"{ASK} --budget-usd nan", "'--budget-usd': .*greater than or equal to 0"),
    (f"{ASK} --max-minutes -1", "'--max-minutes': .*greater than or equal to 0"),
    (f"{ASK} --spread-rows -1", "'--spread-rows': .*greater than or equal to 0"),
]
OTHERS = [
    ("nosuch", "No such command 'nosuch'"),
    ("plan nosuch", "the recipes are"),
    ("plan --like T/none", "nothing has run in T/none; start with `academe run`, or name another --root"),
    ("plan --like ''", "the root is an empty name"),
    ("plan --config nosuch", "the presets are"),
    ("status nosuch", "unexpected extra argument"),
    ("status --root T/none", "nothing has run in T/none"),
    ("status --root T/text", "T/text is a file; name a folder"),
    ("status --json --watch --root T/begun", "--watch draws for people"),
    ("show", "name a step, or a row with --id; not both"),
    ("show answers --id x", "name a step, or a row with --id; not both"),
    ("show --id x --rejects --root T/begun", "--rejects are those of a step"),
    ("show nosuch --root T/begun", "no step 'nosuch' in T/begun; its steps are: disciplines"),
    ("show ../../x --root T/begun", "no step '../../x'"),
    ("show --id x --root T/begun", "no row x in T/begun; `academe show STEP --json` lists rows"),
    ("show answers -n 0 --root T/begun", "'-n': .*greater than or equal to 1"),
    ("report --root T/none", "nothing has run in T/none"),
    ("report --root T/begun --against ''", "the root is an empty name"),
    ("report --root T/begun --against T/none", "nothing has run in T/none"),
    ("gc --root T/none", "nothing has run in T/none"),
    ("gc --yes --root ''", "the root is an empty name"),
    ("publish", "Missing argument 'repository'"),
    ("publish made --root T/begun", "'made': expected user/name"),
    ("publish '' --root T/begun", "'': expected user/name"),
    ("publish a/b/c --root T/begun", "'a/b/c': expected user/name"),
    ("publish 'a b/c' --root T/begun", "'a b/c': expected user/name"),
    ("publish a/b --root T/none", "nothing has run in T/none"),
    ("publish a/b --config-name x/y --root T/begun", "--config-name x/y: expected letters, digits"),
    ("publish a/b --branch 'a b' --root T/begun", "--branch 'a b': expected letters, digits"),
    ("publish a/b --pr --branch x --root T/begun", "--pr and --branch: .*; leave one of them out"),
    ("taxonomy nosuch", "No such command 'nosuch'"),
    ("taxonomy check nosuch", "no taxonomy 'nosuch': no such file, and the packaged ones are"),
    ("taxonomy check T", "no taxonomy 'T': no such file"),
    ("taxonomy check T/list.yaml", "T/list.yaml, at the top: .*; see taxonomy/README.md"),
    ("taxonomy check T/open.yaml", "T/open.yaml is not YAML"),
    (f"taxonomy propose laptop --under nosuch {ASK} --root T/p --review T/r", "laptop.yaml has no id nosuch"),
    (f"taxonomy propose laptop {ASK} --root T/p --review T/text", "T/text is there already and may hold"),
    ("taxonomy merge T/list.yaml", "Missing option '--out'"),
    ("taxonomy merge T/none --out T/new", "cannot read T/none: No such file .*; name a YAML file"),
    ("taxonomy merge T --out T/new", "cannot read T: Is a directory; name a YAML file"),
    ("taxonomy merge T/list.yaml --out T/new", "a review is what `academe taxonomy propose` writes"),
    ("taxonomy merge T/list.yaml --out T/new --seen 0", "'--seen': .*greater than or equal to 1"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("t")
    (found / "none.d").mkdir()
    (found / "folder").mkdir()
    for name, content in FILES.items():
        (found / name).write_bytes(content)
    recipe = load_recipe("instruct", "laptop", [], {})
    Root(found / "begun").write_run("instruct", recipe.settings_as_data(), steps_to(recipe.last))
    return found


@pytest.fixture(autouse=True)
def process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run has signal handlers of its own, and an environment that others set."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def told(line: str, folder: Path) -> tuple[int, str]:
    """The exit code, and what the command said, with the folder as T again."""
    words = [re.sub(r"\bT(?=$|[/\]])", str(folder), word) for word in shlex.split(line)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    return done.exit_code, FRAME.sub(" ", done.stderr).replace(str(folder), "T")


@pytest.mark.parametrize(("line", "said"), RUNS)
def test_a_run_that_cannot_be_meant(line: str, said: str, folder: Path) -> None:
    root = "" if "--root" in line else " --root T/root"
    dry = "" if ASK in line else " --dry-run"  # the plan finds all but what only a run is told
    code, text = told(f"run {line}{root}{dry}", folder)
    assert (code, text) == (2, text)
    assert re.search(said, text), text
    assert not (folder / "root" / "steps").exists()


@pytest.mark.parametrize(("line", "said"), OTHERS)
def test_another_command_that_cannot_be_meant(line: str, said: str, folder: Path) -> None:
    code, text = told(line, folder)
    assert (code, text) == (2, text)
    assert re.search(said, text), text
