"""What a text says again."""

from pipeline.text.repetition import said_twice_in


def test_a_short_text_says_nothing_twice_that_its_original_says_once() -> None:
    said = "news and ideas spread faster than ever before"
    text = f"By 1500 there were presses in towns: {said}. People read the same words, and {said}."
    assert said_twice_in(text, f"Books were cheap. {said.capitalize()}.") == said
    assert said_twice_in(text, f"{said}, and so on, {said}") is None
    assert said_twice_in(text.replace("than ever before. People", "than they did. People"), "") is None
    assert said_twice_in(f"{text} {' '.join(f'word{n}' for n in range(200))}", "") is None  # no short text
