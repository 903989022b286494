"""What a page shows and an extractor leaves out is put into its text: formulas that are scripts or MathML
without LaTeX, and pictures within a sentence by what they are called. Else a sentence has a hole.
"""

from typing import Any

TEX = ("application/x-tex", "text/x-tex", "tex")  # of MathML's annotations
# Shown twice: what is drawn of a formula, beside its source.
DRAWN = ("katex-html", "MathJax_Preview", "MathJax", "MathJax_Display", "MathJax_SVG", "MJX_Assistive_MathML")
BETWEEN = {"msup": "^", "msub": "_", "mfrac": "/", "munder": "_", "mover": "^"}
TEXT_AROUND = (
    "p",
    "li",
    "td",
    "th",
    "dd",
    "dt",
    "span",
    "a",
    "em",
    "strong",
    "b",
    "i",
    "figcaption",
    "blockquote",
)


def put_in(tree: Any) -> dict[str, str]:
    """Changes an lxml tree in place. For each formula a word stands in the text, as an extractor to Markdown
    escapes signs: the words, and the formulas that belong in their places.
    """
    formulas: dict[str, str] = {}

    def put(node: Any, formula: str) -> None:
        word = f"Formula{len(formulas)}Q"
        formulas[word] = formula
        _replace(node, word if formula else "")

    for node in list(tree.iter("script")):
        kind = (node.get("type") or "").replace(" ", "").lower()
        if kind.startswith("math/tex"):
            put(node, _as_tex(node.text or "", "mode=display" in kind))
        elif kind.startswith(("math/asciimath", "math/mml")):
            put(node, (node.text or "").strip())
    for node in list(tree.iter("math")):
        if not any((note.get("encoding") or "").lower() in TEX for note in node.iter("annotation")):
            put(node, _as_tex(node.get("alttext") or "", False) or _linear(node))
    for node in [
        node for node in tree.iter("span", "div") if set((node.get("class") or "").split()) & set(DRAWN)
    ]:
        if node.getparent() is not None and node.find(".//math") is None:
            _replace(node, "")
    for node in list(tree.iter("img")):
        alt = " ".join((node.get("alt") or "").split())
        if alt and _is_within_text(node) and not _follows_formula(node):
            _replace(node, alt)
    return formulas


def _as_tex(source: str, is_display: bool) -> str:
    source = " ".join(source.split())
    mark = "$$" if is_display else "$"
    return f"{mark}{source}{mark}" if source else ""


def _linear(node: Any) -> str:
    """MathML in one line: E = m c^2."""
    name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    if not name or name.startswith("annotation"):
        return ""
    inside = [part for child in node if (part := _linear(child))]
    own = " ".join((node.text or "").split())
    if name in BETWEEN and len(inside) == 2:
        return BETWEEN[name].join(_grouped(part) for part in inside)
    if name == "msubsup" and len(inside) == 3:
        return f"{inside[0]}_{_grouped(inside[1])}^{_grouped(inside[2])}"
    if name == "msqrt":
        return f"sqrt({' '.join(inside) or own})"
    if name == "mroot" and len(inside) == 2:
        return f"root({inside[0]}, {inside[1]})"
    if name in ("mtr", "mlabeledtr"):
        return f"{', '.join(inside)};"
    return " ".join([own, *inside]).strip()


def _grouped(part: str) -> str:
    return f"({part})" if " " in part else part


def _is_within_text(node: Any) -> bool:
    """Whether the picture stands in a sentence."""
    parent = node.getparent()
    if parent is None or parent.tag not in TEXT_AROUND:
        return False
    others = "".join(parent.itertext()).strip()
    return bool(others) or bool((node.tail or "").strip())


def _follows_formula(node: Any) -> bool:
    """Whether it draws the formula that stands beside it, as in Wikipedia."""
    parent = node.getparent()
    return "mwe-math-fallback" in (node.get("class") or "") and "$" in "".join(parent.itertext()) + (
        "$" if parent.find(".//math") is not None else ""
    )


def _replace(node: Any, text: str) -> None:
    """The text in the place of the node."""
    parent = node.getparent()
    if parent is None:
        return
    text += node.tail or ""
    before = node.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    parent.remove(node)
