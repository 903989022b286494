"""The card's snippets do what they say: the trainers that are on PyPI read the dataset."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipeline.test_dataset import some, written

MODEL = "Qwen/Qwen3-0.6B"  # in the card
CHAT_TEMPLATE = (
    "{% for turn in messages %}<|im_start|>{{ turn.role }}\n{{ turn.content }}<|im_end|>\n{% endfor %}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of conversations."""
    written(tmp_path, some(8))
    return tmp_path / "dataset"


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
    from pipeline.embedded import embedded_model, is_packaged

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


def test_the_other_snippets_are_whole(folder: Path) -> None:
    """Settings that parse, and name the dataset and its column."""
    (entry,) = yaml.safe_load(snippet(folder, "axolotl"))["datasets"]
    assert entry == {"path": str(folder), "type": "chat_template", "field_messages": "messages"}
    known = json.loads(snippet(folder, "LLaMA-Factory"))["academe"]
    assert known["hf_hub_url"] == str(folder)
    assert known["columns"]["messages"] == "messages"
    assert "--sft_messages_key messages" in snippet(folder, "open-instruct")
