"""The report as one HTML page that needs nothing else.

Rows are hostile text. The page has them in an island of data, in which nothing can end a script, and puts
them into text nodes alone; its content security policy lets only its own two scripts run, and no request
leave. Charts: Apache ECharts (Apache-2.0), in assets/ as it was published.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Template

ASSETS = Path(__file__).parent / "assets"


def page(runs: Sequence[dict[str, Any]]) -> str:
    """The page as HTML."""
    script, charts, style = (_asset(name) for name in ("page.js", "echarts.min.js", "page.css"))
    allowed = " ".join(_source(text) for text in (charts, script))
    policy = f"default-src 'none'; script-src {allowed}; style-src {_source(style)}; img-src data:"
    title = " and ".join(f"{run['recipe']}, {run['n_rows']:,} rows" for run in runs)
    parts = {"policy": policy, "style": style, "charts": charts, "script": script}
    data = _island({"title": title, "runs": list(runs)})
    return str(Template(_asset("page.html")).render(**parts, title=title, data=data))


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """A script or a style as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _island(data: dict[str, Any]) -> str:
    """JSON in which no character means anything to HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
