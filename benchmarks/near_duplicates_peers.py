"""One other tool on the rows of benchmarks/near_duplicates.py, in the virtual environment of that tool.

    PYTHON near_duplicates_peers.py NAME SETTINGS PATH    seconds to minutes; one JSON object as the last line

NAME is datatrove, text-dedup, gaoya, rensa or semhash. SETTINGS is `documented`, the defaults of the tool, or
`best`, those that found the most of the planted duplicates among those that drop few other rows (`SETTINGS`
says how each was found). No tool tells templates from duplicates, and a fifth of what is alike are templates:
at high recall, no precision above 0.80 is to be had.

It imports nothing of ours: only the standard library, pyarrow (with numpy) and the tool. datatrove also needs

    pip install regex "xxhash<4" orjson tokenizers spacy

of which spaCy splits its words (a blank English pipeline: no model is downloaded). semhash would download
its encoder; here, hashed words weighted by rarity stand in for it.

gaoya, rensa and semhash work in memory; the time of datatrove and text-dedup is from files to files, on two
processes. Memory is the most that the process held (VmHWM), of those two the most that it and its children
held together (their proportional shares, PSS, looked at every 0.2 s or more), which counts no page twice.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

WORKERS = 2
DIMENSIONS = 256  # of the vectors of potion-base-8M, the encoder that semhash would download
FILES = "files to files, 2 processes, memory of all"
ENCODER = f"stand-in encoder: {DIMENSIONS} hashed dimensions, words weighted by rarity"

Found = tuple[float, list[str]]  # seconds, and the ids of what goes

# Found on 5,000 to 100,000 rows. As word 2-grams, 99 % of the duplicates are 0.47 alike or more, templates
# 0.72 to 0.78, other rows 0.17 or less: whatever estimates similarity may cut anywhere between 0.2 and 0.45.
# datatrove and text-dedup estimate none, and drop whatever meets in a band, and what that meets: more than
# four hashes a band keep chance meetings, which grow with the square of the rows, few at 200,000 rows.
# text-dedup takes one more, as to it two punctuation marks in a row are words. Twice the bands would find up
# to 2 % more in twice the time and memory, of which text-dedup takes 6 GB for 100,000 rows as it is.
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "datatrove": {
        "documented": {"n_grams": 5, "num_buckets": 14, "hashes_per_bucket": 8},
        "best": {"n_grams": 2, "num_buckets": 128, "hashes_per_bucket": 6},
    },
    "text-dedup": {
        "documented": {"ngram": 5, "num_perm": 250, "threshold": 0.7, "hash_func": "sha1"},
        "best": {"ngram": 2, "num_perm": 896, "b": 128, "r": 7, "hash_func": "xxh3"},
    },
    "gaoya": {
        "documented": {"jaccard_threshold": 0.75, "num_bands": 20, "band_size": 5, "ngram_range": (1, 1)},
        "best": {"jaccard_threshold": 0.35, "num_bands": 64, "band_size": 3, "ngram_range": (2, 2)},
    },
    # Longer shingles than a word find no more, and take longer to cut in Python.
    "rensa": {
        "documented": {"threshold": 0.8, "num_perm": 128},
        "best": {"threshold": 0.5, "num_perm": 128, "num_bands": 32},
    },
    "semhash": {"documented": {"threshold": 0.9}, "best": {"threshold": 0.55}},
}
NOTES = {
    "datatrove": f"spaCy words; not verified; {FILES}",
    "text-dedup": f"not verified; {FILES}",
    "gaoya": "words; verified by signature",
    "rensa": "R-MinHash of words; verified by signature",
    "semhash": ENCODER,
}


def datatrove(ids: list[str], texts: list[str], **settings: int) -> Found:
    """The four steps of its example, on this machine."""
    import spacy  # noqa: F401  or the workers would import it in our time
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import minhash
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    config = minhash.MinhashConfig(**settings)
    with tempfile.TemporaryDirectory() as folder:
        names = ("rows", "signatures", "pairs", "gone", "kept", "removed")
        rows, signatures, pairs, gone, kept, removed = (f"{folder}/{name}" for name in names)
        os.mkdir(rows)
        for part in range(WORKERS):  # a task reads whole files
            table = pa.table({"id": ids[part::WORKERS], "text": texts[part::WORKERS]})
            pq.write_table(table, f"{rows}/{part}.parquet")
        read = ParquetReader(rows)
        drop = minhash.MinhashDedupFilter(gone, exclusion_writer=ParquetWriter(removed))
        steps: list[tuple[list[Any], int]] = [
            ([read, minhash.MinhashDedupSignature(signatures, config)], WORKERS),
            ([minhash.MinhashDedupBuckets(signatures, pairs, config=config)], config.num_buckets),
            ([minhash.MinhashDedupCluster(pairs, gone, config)], 1),
            ([read, drop, ParquetWriter(kept)], WORKERS),
        ]
        started = time.perf_counter()
        for number, (pipeline, n_tasks) in enumerate(steps):
            logs = f"{folder}/logs/{number}"
            # Forked, the workers have what is imported here.
            LocalPipelineExecutor(
                pipeline, n_tasks, min(n_tasks, WORKERS), logging_dir=logs, start_method="fork"
            ).run()
        tables = [pq.read_table(file, columns=["id"]) for file in Path(removed).glob("*.parquet")]
        dropped = [id for table in tables for id in table["id"].to_pylist()]
        return time.perf_counter() - started, dropped


def text_dedup(ids: list[str], texts: list[str], **settings: Any) -> Found:
    """Its command `python -m text_dedup.minhash`, in this process."""
    from datasets import load_from_disk
    from text_dedup.minhash import main as minhash

    with tempfile.TemporaryDirectory() as folder:
        rows, kept = f"{folder}/rows.parquet", f"{folder}/kept"
        pq.write_table(pa.table({"id": ids, "text": texts}), rows)
        options = {"path": "parquet", "data_files": rows, "split": "train", "cache_dir": f"{folder}/cache"}
        options |= {"column": "text", "output": kept, "num_proc": WORKERS, **settings}
        started = time.perf_counter()
        minhash([f"--{name}={value}" for name, value in options.items()], standalone_mode=False)
        dropped = sorted(set(ids) - set(load_from_disk(kept)["id"]))
        return time.perf_counter() - started, dropped


def gaoya(ids: list[str], texts: list[str], **settings: Any) -> Found:
    """A row goes for an earlier one that stays: the index says only which rows are near."""
    from gaoya.minhash import MinHashStringIndex

    started = time.perf_counter()
    index = MinHashStringIndex(**settings)
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    gone: set[int] = set()
    for row, near in enumerate(index.par_bulk_query(texts)):
        if any(other < row and other not in gone for other in near):
            gone.add(row)
    return time.perf_counter() - started, [ids[row] for row in sorted(gone)]


def rensa(ids: list[str], texts: list[str], **settings: Any) -> Found:
    """As its page on PyPI does it, words split at white space."""
    from rensa import RMinHashDeduplicator

    started = time.perf_counter()
    index = RMinHashDeduplicator(use_lsh=True, **settings)
    stays = index.add_pairs((id, text.split()) for id, text in zip(ids, texts, strict=True))
    dropped = [id for id, stay in zip(ids, stays, strict=True) if not stay]
    return time.perf_counter() - started, dropped


def semhash(ids: list[str], texts: list[str], *, threshold: float) -> Found:
    """As its page on PyPI does it, but for the encoder."""
    from semhash import SemHash

    started = time.perf_counter()
    records = [{"id": id, "text": text} for id, text in zip(ids, texts, strict=True)]
    index = SemHash.from_records(records, columns=["text"], model=HashedWords())
    dropped = [gone.record["id"] for gone in index.self_deduplicate(threshold=threshold).filtered]
    return time.perf_counter() - started, dropped


class HashedWords:
    """Signed, hashed counts of the words of a text, each weighted by how few of the texts have it."""

    def encode(self, texts: Sequence[str], **_: Any) -> Any:
        """float32 [texts, DIMENSIONS]."""
        import numpy as np

        # Sign, dimension and place among the frequencies are different bits of one hash.
        rows = [
            np.fromiter({zlib.crc32(word.encode()) for word in text.lower().split()}, np.int64)
            for text in texts
        ]
        n_texts = np.bincount(np.concatenate(rows) >> 12, minlength=1 << 20)
        weights = np.log((1 + len(rows)) / (1 + n_texts))
        vectors = np.empty((len(rows), DIMENSIONS), np.float32)
        for vector, hashes in zip(vectors, rows, strict=True):
            signed = np.where(hashes & 1, 1, -1) * weights[hashes >> 12]
            vector[:] = np.bincount((hashes >> 1) % DIMENSIONS, signed, DIMENSIONS)
        return vectors


class Memory(threading.Thread):
    """Watches how much memory this process and its children hold together."""

    most_mb = 0.0

    def run(self) -> None:
        while True:
            started = time.perf_counter()
            together = sum(_proc_mb(process, "smaps_rollup", "Pss:") for process in _family(os.getpid()))
            self.most_mb = max(self.most_mb, together)
            # Reading the share of 10 GB takes long enough to slow the tool down.
            time.sleep(max(0.2, 10 * (time.perf_counter() - started)))


def _family(process: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [process]
    for one in found:
        yield one
        found += children.get(one, [])


def _proc_mb(process: int, file: str, name: str) -> float:
    try:
        lines = [line.split() for line in Path(f"/proc/{process}/{file}").read_text().splitlines()]
    except OSError:  # it ended meanwhile
        return 0
    return sum(int(line[1]) / 1024 for line in lines if line[0] == name)


TOOLS = {"datatrove": datatrove, "text-dedup": text_dedup, "gaoya": gaoya, "rensa": rensa, "semhash": semhash}


def main() -> None:
    name, kind, path = sys.argv[1:]
    settings = SETTINGS[name][kind]
    table = pq.read_table(path, columns=["id", "question", "answer"])
    ids, questions, answers = (column.to_pylist() for column in table.columns)
    texts = [f"{question} {answer}" for question, answer in zip(questions, answers, strict=True)]
    del table, questions, answers
    memory = Memory(daemon=True)
    if FILES in NOTES[name]:
        memory.start()
    seconds, dropped = TOOLS[name](ids, texts, **settings)
    # Not ru_maxrss: that of a new process starts at what the process that started it held.
    peak_mb = max(memory.most_mb, _proc_mb(os.getpid(), "status", "VmHWM:"))
    given = ", ".join(f"{setting} {value}" for setting, value in settings.items())
    text = f"{name} {importlib.metadata.version(name)}: {given}; {NOTES[name]}"
    print()  # a tool may have left its last line open
    print(json.dumps({"seconds": seconds, "dropped": dropped, "settings": text, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
