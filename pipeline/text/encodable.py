"""Text from outside as text that can be written: strings of Python may hold halves of surrogate pairs."""


def encodable(text: str) -> str:
    """The text with the halves of a surrogate pair joined, and U+FFFD for a half that stands alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
