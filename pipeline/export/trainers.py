"""How the tools that train models read the dataset: snippets for the card, by the kind of its rows."""

CONVERSATIONS = {
    "TRL": """\
```python
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

rows = load_dataset("{name}", split="train")
trainer = SFTTrainer("Qwen/Qwen3-0.6B", args=SFTConfig(output_dir="out"), train_dataset=rows)
trainer.train()
```""",
    "axolotl": """\
```yaml
datasets:
  - path: {name}
    type: chat_template
    field_messages: messages
```""",
    "LLaMA-Factory, an entry of its `dataset_info.json`": """\
```json
{{
  "academe": {{
    "hf_hub_url": "{name}",
    "formatting": "sharegpt",
    "columns": {{"messages": "messages"}},
    "tags": {{"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}}
  }}
}}
```""",
    "open-instruct": """\
```sh
--dataset_mixer_list {name} 1.0 --sft_messages_key messages
```""",
}
TEXTS = {
    "TRL": CONVERSATIONS["TRL"],  # which reads the column `text` by itself
    "axolotl": """\
```yaml
datasets:
  - path: {name}
    type: completion
    field: text
```""",
    "LLaMA-Factory, an entry of its `dataset_info.json`, for the stage `pt`": """\
```json
{{
  "academe": {{"hf_hub_url": "{name}", "columns": {{"prompt": "text"}}}}
}}
```""",
}


def snippets(column: str, name: str) -> str:
    """Markdown, for rows whose main column is `column`, in the dataset `name`."""
    kinds = CONVERSATIONS if column == "messages" else TEXTS
    return "\n\n".join(f"{tool}:\n\n{text.format(name=name)}" for tool, text in kinds.items())
