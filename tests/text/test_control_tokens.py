"""What a chat model's template and thoughts leave in a text, and what only looks like it."""

import pytest

from pipeline.text.control_tokens import control_token_in, without_end_tokens, without_thoughts

ANSWER = "Honey is made by bees."


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\nThe user asks about honey.\n</think>\n\n{ANSWER}",
        f"The template opened the thought.\n</think>\n\n{ANSWER}",
        f"</think>{ANSWER}",
        f"<think>\n\n</think>\n\n{ANSWER}",
        f"<THINK>\nLoud.\n</THINK>\n{ANSWER}",
        f'<think time="3 s">\nTimed.\n</think>\n{ANSWER}',
        f"<thinking>It is simple.</thinking>\n{ANSWER}",
        f"<thought>It is simple.</thought> {ANSWER}",
        f"<reasoning>\nBees make it.\n</reasoning>\n{ANSWER}",
        f"<scratchpad>\nbees?\n</scratchpad>\n{ANSWER}",
        f"<seed:think>Bees.</seed:think>{ANSWER}",
        f"[THINK]Bees.[/THINK]{ANSWER}",
        f"◁think▷Bees.◁/think▷{ANSWER}",
        f"<|START_THINKING|>Bees.<|END_THINKING|><|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>",
        f"<|begin_of_thought|>\nBees.\n<|end_of_thought|>\n<|begin_of_solution|>{ANSWER}<|end_of_solution|>",
        f"<unused94>thought\nBees.<unused95>{ANSWER}",
        f"<|channel>thought\nBees.<channel|>{ANSWER}<turn|>",
        f"<think>First.</think> No.\n<think>Second.</think>\n{ANSWER}",
        f"<think>```python\nprint('a fence that never ends')\n</think>\n\n{ANSWER}",
        f"<think>Bees.</think>\n<answer>{ANSWER}</answer>",
        f"<|channel|>analysis<|message|>Bees.<|end|>{ANSWER}",
        "<|channel|>analysis<|message|>Bees.<|end|><|start|>assistant<|channel|>final<|message|>"
        f"{ANSWER}<|return|>",
        f"analysisThe user asks about honey.assistantfinal{ANSWER}",
    ],
)
def test_thoughts_go_with_all_before_their_last_end(text: str) -> None:
    assert without_thoughts(text) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "<think>\nThe user asks about honey, and so",
        "<think></think>",
        "<think>It is all in here.</think>\n\n",
        "<thinking>\nOne.\n</thinking>\nAnd then:\n<thinking>\nTwo",
        "Honey is made by bees.\n<think>\nShall I say more?",
        "[THINK]Bees",
        "◁think▷Bees",
        "<|channel|>analysis<|message|>Bees",
    ],
)
def test_a_thought_without_an_end_or_an_answer_leaves_nothing(text: str) -> None:
    assert without_thoughts(text) is None


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "",
        "The </think> tag ends a thought.",
        "Write `<think>` before it and `</think>` behind it.",
        '```python\nanswer = text.split("</think>")[-1]\n```',
        "```\nprompt\n<think>\nA thought\n</think>\nAn answer\n```\nThis is how a reply looks.",
        "I think <b>so</b>.",
        "An analysis of honey: analysis is what chemists do.",
        "<thinker>Rodin</thinker>",
    ],
)
def test_what_speaks_of_thoughts_is_none(text: str) -> None:
    assert without_thoughts(text) == text


@pytest.mark.parametrize(
    "tail",
    [
        "</s>",
        "<end_of_turn>",
        "<|eot_id|>",
        "<|im_end|>",
        "<|endoftext|>",
        "<|end|>",
        "<|END_OF_TURN_TOKEN|>",
        "<｜end▁of▁sentence｜>",  # noqa: RUF001
        "<eos>",
        "<pad><pad><pad>",
        "<end_of_utterance>",
        "[/INST]",
        "<turn|>",
        "\n<|im_end|>\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|></s>",
    ],
)
def test_control_tokens_go_at_the_end_and_are_found_inside(tail: str) -> None:
    assert without_end_tokens(ANSWER + tail) == ANSWER
    assert control_token_in(f"{ANSWER}{tail}It is sweet.") == control_token_in(tail) is not None


@pytest.mark.parametrize(
    "head", ["<s>", "<s> ", "<bos>", "<|im_start|>assistant\n", "<start_of_turn>model\n"]
)
def test_control_tokens_go_at_the_start(head: str) -> None:
    assert without_end_tokens(f"{head}{ANSWER}</s>") == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "The old price is <s>12 euros</s>",
        "<s>12 euros</s> is the old price.",
        "What is |x| < 3 > y?",
        "In F# one writes x |> f and f <| x.",
        "The norm <|x|> is small; see [1] and [s].",
    ],
)
def test_what_is_no_token_stays(text: str) -> None:
    assert without_end_tokens(text) == text
    assert control_token_in(text) is None


def test_the_mark_between_the_halves_of_bonito_stays() -> None:
    assert without_end_tokens("Is it so?\n<|pipe|>") == "Is it so?\n<|pipe|>"


@pytest.mark.parametrize(
    "text",
    ["<unk> <unk> It is sweet.", "<think>Bees.</think> Honey.", "<s>Honey.</s>", "A<0x0A>B", "<s>Honey."],
)
def test_tokens_and_thoughts_are_found(text: str) -> None:
    assert control_token_in(text) is not None


def test_the_two_lists_of_tokens_are_one() -> None:
    """What is cut at the end of a reply is found inside it."""
    for token in ("</s>", "<eos>", "<|eot_id|>", "[/INST]", "<turn|>"):
        assert without_end_tokens(f"{ANSWER} {token}") == ANSWER
        assert control_token_in(f"{ANSWER} {token} {ANSWER}") == token
