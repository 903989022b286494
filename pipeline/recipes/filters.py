"""What recipes share: steps that several of them have."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.dag import Step
from pipeline.dedup import benchmarks
from pipeline.dedup.earlier import sketches_of
from pipeline.documents.documents import state_of
from pipeline.embeddings.local_embedder import check_packaged
from pipeline.errors import RecipeError
from pipeline.model import ModelSpec
from pipeline.records import Worded
from pipeline.stage import Stage, asking
from stages.compare_locally import CompareLocally
from stages.compare_meanings import CompareMeanings
from stages.cut_documents import CutDocuments
from stages.drop_contaminated import DropContaminated
from stages.drop_exact_duplicates import DropExactDuplicates
from stages.drop_near_duplicates import DropNearDuplicates
from stages.drop_poor_chunks import DropPoorChunks
from stages.drop_poor_rephrasings import DropPoorRephrasings
from stages.drop_to_mix import DropToMix
from stages.drop_wrong_language import DropWrongLanguage
from stages.embed_locally import EmbedLocally
from stages.embed_questions import EmbedQuestions
from stages.list_files import ListFiles
from stages.rate_documents import RateDocuments
from stages.read_documents import ReadDocuments
from stages.rephrase_chunks import RephraseChunks

Embedder = ModelSpec | Literal["local"]


class DocumentSettings(BaseModel):
    """How documents are read and cut, and which of their chunks are used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    writer: ModelSpec  # writes, and counts the tokens of chunks
    files: ListFiles = ListFiles()
    reading: ReadDocuments = ReadDocuments()
    language: DropWrongLanguage = DropWrongLanguage()
    judge: ModelSpec | None = None  # rates documents, and grounding where that is asked for; the writer else
    document_ratings: RateDocuments | None = None  # without it no document has a quality
    chunks: CutDocuments = CutDocuments()
    chunk_quality: DropPoorChunks = DropPoorChunks()
    exact_duplicates: DropExactDuplicates = DropExactDuplicates()
    near_duplicates: DropNearDuplicates = DropNearDuplicates()
    embedder: Embedder | None = None  # without it no step looks at what a rephrasing or a question means
    rephrasing_quality: DropPoorRephrasings = DropPoorRephrasings()


def chunks_of(s: DocumentSettings) -> Step:
    """Files -> documents -> chunks worth asking about, none of them twice."""
    if not s.files.paths:
        raise RecipeError("no documents are named: say --docs FOLDER, or files.paths in the settings")
    files = Step("files", replace(s.files, state=state_of(s.files.paths)))
    documents = Step("documents", s.reading, files)
    readable = Step("readable", s.language, documents)
    if s.document_ratings is not None:
        readable = Step("rated_documents", asking(s.judge or s.writer, s.document_ratings), readable)
    chunks = Step("chunks", asking(s.writer, s.chunks), readable)
    whole = Step("whole_chunks", s.chunk_quality, chunks)
    unrepeated = Step("unrepeated_chunks", s.exact_duplicates, whole)
    return Step("distinct_chunks", s.near_duplicates, unrepeated)


def rephrased(s: DocumentSettings, stage: RephraseChunks, chunks: Step) -> Step:
    """The chunks in other words that still say what they said."""
    step = Step("rephrased", asking(s.writer, stage), chunks)
    if s.embedder is not None:
        step = Step("likened", comparing(s.embedder), step)
    return Step("faithful", replace(s.rephrasing_quality, styles=stage.styles), step)


def embedding(embedder: Embedder, stage: EmbedQuestions) -> Stage:
    """The stage that embeds."""
    if embedder != "local":
        return asking(embedder, stage)
    check_packaged()
    return EmbedLocally()


def comparing(embedder: Embedder) -> Stage:
    """The stage that measures how like its original a rephrasing is."""
    if embedder != "local":
        return CompareMeanings(model=embedder)
    check_packaged()
    return CompareLocally()


def checked(stage: DropContaminated) -> DropContaminated:
    """Reads the benchmarks, so that a fault in one stops the run before it starts."""
    if stage.benchmarks:
        benchmarks.index(stage.benchmarks, stage.n, stage.min_item_words, stage.columns)
    return stage


def compared(
    exact: DropExactDuplicates, near: DropNearDuplicates, names: tuple[str, ...], kind: type[Worded]
) -> tuple[DropExactDuplicates, DropNearDuplicates]:
    """The stages with the sketches of earlier datasets, made now unless they are kept."""
    sketches = [sketches_of((exact, near), name, kind) for name in names]
    of_exact, of_near = (tuple(paths[stage] for paths in sketches) for stage in range(2))
    return replace(exact, earlier=of_exact), replace(near, earlier=of_near)


def mixing(stage: DropToMix, names: Iterable[str]) -> DropToMix:
    """The stage. Raises RecipeError when it names a source that is none of `names`."""
    known = sorted(set(names))
    for name in (*stage.weights, *stage.caps):
        if name not in known:
            raise RecipeError(f"mixture: no source is named '{name}'; the sources are: {', '.join(known)}")
    return stage


def require_english(language: DropWrongLanguage, setting: str, remedy: str) -> None:
    """Raises RecipeError unless English is a language of the dataset."""
    if language.languages and "en" not in language.languages:
        told = ", ".join(language.languages)
        raise RecipeError(f"{setting} knows English alone, and language.languages is [{told}]; {remedy}")
