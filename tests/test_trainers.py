"""The card's snippets do what they say: the trainers that are on PyPI train on the dataset."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.records import Passage
from tests.export.test_dataset import some, written

MODEL = "Qwen/Qwen3-0.6B"  # in the card
CHAT_TEMPLATE = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n{% endfor %}"
)


@pytest.fixture(params=["conversations", "texts"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A dataset of either kind."""
    written(tmp_path, some(8) if request.param == "conversations" else passages(8))
    return tmp_path / "dataset"


def passages(n: int) -> list[Passage]:
    return [
        Passage(
            id=f"{i:03}",
            parent_id=f"chunk{i}",
            document="tides.txt",
            start=0,
            title="Tides",
            text=f"The tide came in {i} times. " * 10,
            style="medium",
            original="",
            rephrased_from="",
            writer="someone",
            n_tokens=80,
        )
        for i in range(n)
    ]


def snippet(folder: Path, tool: str) -> str:
    """The code below the tool's name on the card, of the dataset in the folder."""
    card = (folder / "README.md").read_text()
    found = re.search(rf"^{tool}.*?:\n\n```\w+\n(.*?)\n```", card, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1).replace("FOLDER OR HUB NAME", str(folder))


def tiny_model(folder: Path) -> Path:
    """A random model of a few thousand parameters, with the embedded model's tokenizer."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from pipeline.inference.embedded import embedded_model, is_packaged

    if not is_packaged():
        pytest.skip("the embedded model is not installed")
    torch.manual_seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(embedded_model())
    tokenizer.chat_template = CHAT_TEMPLATE
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        pad_token_id=tokenizer.pad_token_id or 0,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_trl_takes_a_step(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snippet as it stands, but for the model's name and how long it trains."""
    pytest.importorskip("trl")
    code = snippet(folder, "TRL").replace(MODEL, str(tiny_model(tmp_path / "model")))
    assert 'SFTConfig(output_dir="out")' in code
    short = 'output_dir="out", max_steps=1, report_to="none", use_cpu=True, bf16=False, save_strategy="no"'
    monkeypatch.chdir(tmp_path)
    ran: dict[str, Any] = {}
    exec(code.replace('output_dir="out"', short), ran)
    assert ran["trainer"].state.global_step == 1
    (step,) = [entry for entry in ran["trainer"].state.log_history if "train_loss" in entry]
    assert step["train_loss"] > 0


def run_trainer(name: str, command: str, settings: dict[str, Any], folder: Path) -> None:
    """Has a trainer take a step in the folder, with these settings in a file; skips where it is missing."""
    program = Path(".trainers", name, "bin", command.split()[0]).absolute()
    if not program.exists():
        pytest.skip(f"{name} is not installed; scripts/trainers.sh does it")
    (folder / "train.yaml").write_text(yaml.safe_dump(settings))
    done = subprocess.run(
        [program, *command.split()[1:], "train.yaml"],
        cwd=folder,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "AXOLOTL_DO_NOT_TRACK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_axolotl_takes_a_step(folder: Path, tmp_path: Path) -> None:
    """The snippet is the part of its settings that says which data and how."""
    settings = {
        **yaml.safe_load(snippet(folder, "axolotl")),
        "base_model": str(tiny_model(tmp_path / "model")),
        "output_dir": "out",
        "sequence_len": 256,
        "micro_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "max_steps": 1,
        "learning_rate": 0.001,
        "optimizer": "adamw_torch",
        "lr_scheduler": "constant",
        **dict.fromkeys(("bf16", "fp16", "tf32"), False),
    }
    run_trainer("axolotl", "axolotl train --launcher python", settings, tmp_path)
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_llama_factory_takes_a_step(folder: Path, tmp_path: Path) -> None:
    """The snippet is its `dataset_info.json`."""
    (tmp_path / "dataset_info.json").write_text(snippet(folder, "LLaMA-Factory"))
    is_conversations = "messages" in snippet(folder, "LLaMA-Factory")
    settings = {
        "model_name_or_path": str(tiny_model(tmp_path / "model")),
        "stage": "sft" if is_conversations else "pt",
        "template": "chatml",
        "do_train": True,
        "finetuning_type": "full",
        "dataset": "academe",
        "dataset_dir": str(tmp_path),
        "cutoff_len": 256,
        "output_dir": "out",
        "max_steps": 1,
        "report_to": "none",
        "use_cpu": True,
    }
    run_trainer("llamafactory", "llamafactory-cli train", settings, tmp_path)
    assert json.loads((tmp_path / "out" / "train_results.json").read_text())["train_loss"] > 0


@pytest.mark.parametrize("folder", ["conversations"], indirect=True)
def test_the_snippets_of_trainers_that_need_an_environment_are_whole(folder: Path) -> None:
    """Also where they are not installed: settings that parse, and name the dataset and its column."""
    (entry,) = yaml.safe_load(snippet(folder, "axolotl"))["datasets"]
    assert entry == {"path": str(folder), "type": "chat_template", "field_messages": "messages"}
    known = json.loads(snippet(folder, "LLaMA-Factory"))["academe"]
    assert known["hf_hub_url"] == str(folder)
    assert known["columns"]["messages"] == "messages"
    assert "--sft_messages_key messages" in snippet(folder, "open-instruct")
