"""What every answer of the tab carries: its type said outright, a policy that runs nothing, no sharing."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.errors import Error

# The page itself: our own modules and styles, pictures of ours, nothing inline, nothing foreign.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Everything else: opened by itself it is a picture or text and can do nothing.
OTHER_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def answer(
    body: bytes, kind: str, *, status: int = 200, policy: str = OTHER_POLICY, keep: str = "no-store"
) -> Response:
    """`body` of content type `kind`; `keep`: how long a browser may, as Cache-Control says it."""
    return dressed(Response(body, status=status, content_type=kind), policy=policy, keep=keep)


def dressed(response: Response, *, policy: str = OTHER_POLICY, keep: str = "no-store") -> Response:
    """With the headers that all of ours have."""
    response.headers.update(_ALWAYS)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = keep
    return response


def json_answer(value: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON object; figures that JSON cannot say (NaN, infinities) as strings."""
    try:
        body = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        body = json.dumps(_sayable(value), separators=(",", ":"))
    return answer(body.encode(), "application/json; charset=utf-8", status=status)


def refused(status: int, title: str, advice: str = "") -> Response:
    """`{"error": {title, advice}}`."""
    return json_answer({"error": {"title": title, "advice": advice}}, status)


def failed(error: Error, status: int = 503) -> Response:
    """An Error as the CLI would tell it."""
    return refused(status, error.title, error.advice)


def harmless(text: str) -> str:
    """A text that hosts had a hand in, as people may see it; most have nothing to be made harmless."""
    return text if text.isprintable() else shown(text.encode("utf-8", "surrogateescape"))


def _sayable(value: Any) -> Any:
    match value:
        case dict():
            return {name: _sayable(one) for name, one in value.items()}
        case list() | tuple():
            return [_sayable(one) for one in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return value
