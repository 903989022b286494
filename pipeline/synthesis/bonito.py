"""The wire format of Bonito, a model that writes tasks from paragraphs.

Source: Nayak et al. 2024 (https://arxiv.org/abs/2402.18334), and the models BatsResearch/bonito-v1 and
Llama-3.1-8B-bonito-v1, which were trained on it.
"""

from pipeline.records import PLACEHOLDER

TASK_TYPE, CONTEXT, TASK, PIPE = "<|tasktype|>", "<|context|>", "<|task|>", "<|pipe|>"


def prompt_for(name: str, paragraph: str) -> str:
    """What Bonito is asked. `name`: the full name of a task type."""
    return f"{TASK_TYPE}\n{name}\n{CONTEXT}\n{paragraph.strip()}\n{TASK}\n"


def parsed(reply: str) -> tuple[str, str] | None:
    """Input and output of the task, with the placeholder in them; None unless there is one pipe between."""
    halves = reply.split(PIPE)
    if len(halves) != 2:
        return None
    asked, answer = halves
    return asked.strip(), answer.strip()


def filled(text: str, paragraph: str) -> str:
    """The text with the paragraph in the place of the placeholder."""
    return text.replace(PLACEHOLDER, paragraph)
