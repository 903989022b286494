"""The kinds that a text is made of, and that nothing of it is lost."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.kinds import pieces, without

TEXT = """Here it is:

```python
x = {1: 2}
```
Then `{` and $x^2$, for $5 or $6. She said "no, thanks" to him.

| a | b |
|---|---|
| 1 | 2 |

- one
- two

Anna: Hi
Bob: Hello
Anna: Bye
"""


@given(st.text(alphabet="ab \n`$\"'“”«»\\()[]{}|-#:1.=;", max_size=80))
def test_joined_the_pieces_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


def test_kinds() -> None:
    found = {piece.kind: piece.text for piece in pieces(TEXT) if piece.text.strip()}
    assert set(found) == {"prose", "code", "math", "quotation", "table", "item", "dialogue"}
    assert found["math"] == "$x^2$"
    assert "x = {1: 2}" not in without(TEXT, "code")
    assert "$5 or $6" in without(TEXT, "math")


def test_code_is_known_without_a_fence() -> None:
    text = "def f(x):\n    return x\n\nprint(f(3))\n\nIt prints three."
    assert without(text, "code").strip() == "It prints three."
    assert without("He said: go home; then rest.\nWe eat;\nwe sleep;\n", "code").startswith("He said")
