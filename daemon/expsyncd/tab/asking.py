"""One request to the tab: may it be answered, by whom, and what an Error looks like as an answer."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from expsyncd.errors import Error
from expsyncd.paths import Paths, RootPaths
from expsyncd.tab.answers import failed, refused
from expsyncd.tab.known import Known

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a browser says a request comes from; programs say nothing. `none`: the person typed the address.
OWN_PAGES = frozenset({"", "same-origin", "none"})
LONGEST_BODY = 1 << 18


def known(logdir: Path, environment: Mapping[str, str]) -> Known:
    """`logdir` is TensorBoard's view, which lies in the root."""
    return Known(Paths.of(environment), RootPaths(Path(logdir).absolute().parent))


def answered(known: Known, environ: dict[str, Any], method: str, module: str, function: str) -> Response:
    """The answer of `function` in a module of ours."""
    request = Request(environ)
    request.max_content_length = LONGEST_BODY
    if request.method not in ({method, "HEAD"} if method == "GET" else {method}):
        return refused(405, f"this address takes {method}")
    # The page's pictures and figures are for its own pages: another site may not even embed them.
    if request.headers.get("Sec-Fetch-Site", "") not in OWN_PAGES:
        return refused(403, "this page answers to its own pages only")
    try:
        answer = getattr(importlib.import_module(f"expsyncd.tab.{module}"), function)
        response: Response = answer(known, request)
    except Error as error:
        return failed(error, getattr(error, "status", 503))
    return response
