"""What the first bytes of a file say that it is."""

import codecs
import re

MAGIC = {  # of kinds of files that are no text, whatever they are called
    b"%PDF-": "pdf",
    b"PK\x03\x04": "zip",
    b"\x1f\x8b": "gzip",
    b"PAR1": "parquet",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"\x7fELF": "program",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # that no text has, in no encoding


def encoding_by_mark(data: bytes) -> str | None:
    """The encoding that the first bytes name."""
    return next((encoding for mark, encoding in MARKS if data.startswith(mark)), None)


def kind_by_magic(data: bytes) -> str | None:
    """The kind of file that the first bytes name, unless all that follows is text."""
    start = data[:16].lstrip()
    kind = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)
    if kind == "pdf" or kind is None:
        return kind if b"endobj" in data else None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return kind
    return kind if CONTROL_BYTES.search(data) else None
