"""What travels to other nodes: all that a stage needs is in one folder, and is found from there."""

import subprocess
import sys
from pathlib import Path

from pipeline.engine.luggage import Luggage
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.read_taxonomy import ReadTaxonomy


def test_a_stage_finds_its_files_where_only_the_luggage_is(tmp_path: Path) -> None:
    benchmarks = []
    for name in ("one", "two"):  # two files of one name
        (tmp_path / name).mkdir()
        benchmarks.append(tmp_path / name / "bench.jsonl")
        benchmarks[-1].write_text(f'{{"question": "{name}"}}')
    taxonomy = tmp_path / "mine.yaml"
    taxonomy.write_text("fields: []")
    stages = [DropContaminated(benchmarks=tuple(benchmarks), n=5), ReadTaxonomy(path=taxonomy, only=("x",))]
    folder = tmp_path / "luggage"
    folder.mkdir()
    luggage = Luggage(folder)
    luggage.pack(stages)

    checks, source = (luggage.travelling(stage) for stage in stages)
    assert [path.name for path in checks.benchmarks] == ["bench.jsonl", "bench.jsonl"]  # as rejects tell it
    assert [(folder / path).read_text() for path in checks.benchmarks] == [p.read_text() for p in benchmarks]
    assert (checks.n, source.only) == (5, ("x",))
    assert (folder / source.path).read_text() == "fields: []"
    assert not source.path.is_absolute()
    plain = DropExactDuplicates()
    assert luggage.travelling(plain) == plain


def test_the_packages_work_from_the_luggage_alone(tmp_path: Path) -> None:
    Luggage(tmp_path).pack([])
    code = """if True:
        import pathlib, pipeline.engine.work, pipeline.prompts as prompts
        import pipeline.taxonomy.taxonomy as taxonomy
        assert prompts.render("answer_questions/answer", question="Why?").startswith("Why?")
        taxonomy.load_taxonomy(taxonomy.find_taxonomy(pathlib.Path("laptop")))
        print(pipeline.engine.work.__file__)"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "pipeline" / "engine" / "work.py")
