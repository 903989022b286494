"""One other tool on the rows of benchmarks/near_duplicates.py, in the virtual environment of that tool.

PYTHON near_duplicates_peers.py NAME SETTINGS PATH    NAME: datatrove, text-dedup, gaoya, rensa or semhash

"""

import os
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

WORKERS = 2
Found = tuple[float, list[str]]  # seconds, ids of what goes


def datatrove(
    ids: list[str], texts: list[str], *, n_grams: int, num_buckets: int, hashes_per_bucket: int
) -> Found:
    import spacy  # noqa: F401  the forked workers would import it in our time
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    config = MinhashConfig(n_grams=n_grams, num_buckets=num_buckets, hashes_per_bucket=hashes_per_bucket)
    with tempfile.TemporaryDirectory() as folder:
        rows, signatures, pairs, gone, kept, removed = (
            f"{folder}/{name}" for name in ("rows", "signatures", "pairs", "gone", "kept", "removed")
        )
        os.mkdir(rows)
        for part in range(WORKERS):
            pq.write_table(
                pa.table({"id": ids[part::WORKERS], "text": texts[part::WORKERS]}), f"{rows}/{part}.parquet"
            )
        read = ParquetReader(rows)
        drop = MinhashDedupFilter(gone, exclusion_writer=ParquetWriter(removed))
        stages = [
            ([read, MinhashDedupSignature(signatures, config)], WORKERS),
            ([MinhashDedupBuckets(signatures, pairs, config=config)], num_buckets),
            ([MinhashDedupCluster(pairs, gone, config)], 1),
            ([read, drop, ParquetWriter(kept)], WORKERS),
        ]
        started = time.perf_counter()
        for number, (pipeline, tasks) in enumerate(stages):
            LocalPipelineExecutor(
                pipeline,
                tasks,
                min(tasks, WORKERS),
                logging_dir=f"{folder}/logs/{number}",
                start_method="fork",
            ).run()
        dropped = [
            id for file in Path(removed).glob("*.parquet") for id in pq.read_table(file)["id"].to_pylist()
        ]
        return time.perf_counter() - started, dropped


def text_dedup(ids: list[str], texts: list[str], *options: str) -> Found:
    from datasets import load_from_disk
    from text_dedup.minhash import main as minhash

    with tempfile.TemporaryDirectory() as folder:
        rows, kept = f"{folder}/rows.parquet", f"{folder}/kept"
        pq.write_table(pa.table({"id": ids, "text": texts}), rows)
        inputs = f"--path parquet --data_files {rows} --split train --column text --batch_size 10000"
        outputs = f"--cache_dir {folder}/cache --output {kept} --num_proc {WORKERS}"
        started = time.perf_counter()
        minhash([*inputs.split(), *outputs.split(), *options], standalone_mode=False)
        dropped = sorted(set(ids) - set(load_from_disk(kept)["id"]))
        return time.perf_counter() - started, dropped


def gaoya(ids: list[str], texts: list[str], **settings: Any) -> Found:
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(**settings)
    started = time.perf_counter()
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    gone: set[int] = set()
    for row, near in enumerate(index.par_bulk_query(texts)):
        if any(other < row and other not in gone for other in near):
            gone.add(row)
    return time.perf_counter() - started, [ids[row] for row in gone]


def rensa(ids: list[str], texts: list[str], *, words: int, **settings: Any) -> Found:
    from rensa import RMinHashDeduplicator

    index = RMinHashDeduplicator(use_lsh=True, **settings)
    started = time.perf_counter()
    stays = index.add_pairs((id, shingles(text, words)) for id, text in zip(ids, texts, strict=True))
    dropped = [id for id, stay in zip(ids, stays, strict=True) if not stay]
    return time.perf_counter() - started, dropped


def shingles(text: str, n: int) -> list[str]:
    words = text.split()
    return words if n == 1 else [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]


def semhash(ids: list[str], texts: list[str], *, encoder: Any, threshold: float) -> Found:
    from semhash import SemHash

    records = [{"id": id, "text": text} for id, text in zip(ids, texts, strict=True)]
    encoder = encoder()
    started = time.perf_counter()
    index = SemHash.from_records(records, columns=["text"], model=encoder)
    found = index.self_deduplicate(threshold=threshold)
    return time.perf_counter() - started, [gone.record["id"] for gone in found.filtered]


class Static:
    def __init__(self):
        from static_model import get_embeddings

        self.f = get_embeddings

    def encode(self, texts, **_):
        import numpy as np

        return np.asarray(self.f(list(texts)), dtype=np.float32)


class Hashed:
    """Signed counts of hashed word n-grams, each weighted by how few of the texts have it."""

    def __init__(self, n=2, d=1024):
        self.n, self.d = n, d

    def encode(self, texts, **_):
        import numpy as np

        rows = [
            np.fromiter({zlib.crc32(x.encode()) for x in shingles(text.lower(), self.n)}, np.int64)
            for text in texts
        ]
        n_texts = np.bincount(np.concatenate(rows) >> 12, minlength=1 << 20)
        idf = np.log((len(texts) + 1) / (1 + n_texts)).astype(np.float32)
        out = np.empty((len(rows), self.d), np.float32)
        for row, hashes in zip(out, rows, strict=True):
            weights = np.where(hashes & 1, 1, -1) * idf[hashes >> 12]
            row[:] = np.bincount((hashes >> 1) % self.d, weights, self.d)
        return out
