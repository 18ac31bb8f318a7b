"""Who may ask TensorBoard: this computer's own pages and programs, no foreign web page. Pure.

TensorBoard answers to any Host and any page, so a web page could read a person's results by DNS rebinding,
and change what our tab changes by a form. Runs inside the TensorBoard process, before anything of it.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
READING_METHODS = frozenset({"GET", "HEAD"})
METHODS = READING_METHODS | {"POST", "OPTIONS"}
FORBIDDEN, NOT_FOUND, NOT_ALLOWED = "403 Forbidden", "404 Not Found", "405 Method Not Allowed"
# Of another page only a link to this one may lead here: no image, script, frame or fetch of it.
_LINK = ("navigate", "document")
_OUR_SITES = frozenset(
    {"same-origin", "none"}
)  # https://www.w3.org/TR/fetch-metadata/; none: typed by the person
# For browsers: no other page may put this one into a frame or its answers into itself, and a link that leads
# away from here does not tell the path, which may hold the secret of `private`.
HEADERS = (
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "same-origin"),
)

_Environ = dict[str, Any]
_WsgiApp = Any


def refusal(environ: _Environ, prefix: str = "") -> tuple[str, str] | None:
    """Why a request with this WSGI environment is refused: status and reason; None when it may pass.

    Host must be a local name, with any port (a person may forward it). `prefix`: what every path must begin
    with. Requests without a browser's headers come from programs of this computer.
    """
    method = environ.get("REQUEST_METHOD")
    host = environ.get("HTTP_HOST", "").strip().lower()
    if not _is_local(host):
        return FORBIDDEN, "this TensorBoard answers to localhost only"
    if method not in METHODS:
        return NOT_ALLOWED, "this TensorBoard knows GET, HEAD, POST and OPTIONS"
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        scheme, _, origin_host = origin.strip().lower().partition("://")
        if scheme not in {"http", "https"} or origin_host != host:
            return FORBIDDEN, "this TensorBoard answers to its own pages only"
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None and site not in _OUR_SITES:
        how = (environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST"))
        if method not in READING_METHODS or how != _LINK:
            return FORBIDDEN, "this TensorBoard answers to its own pages only"
    if prefix and not _begins_with(environ.get("PATH_INFO", ""), prefix):
        return NOT_FOUND, "this TensorBoard is private: `expsyncd open` opens it"
    return None


def guarded(app: _WsgiApp, prefix: str = "") -> _WsgiApp:
    """`app` behind `refusal`, which is answered as text."""

    def guard(environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            ours = {name for name, _ in headers}
            return start_response(status, [*headers, *(one for one in HEADERS if one[0] not in ours)], *more)

        refused = refusal(environ, prefix)
        if refused is None:
            answer: Iterable[bytes] = app(environ, start)
            return answer
        status, reason = refused
        body = f"{reason}\n".encode()
        start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return guard


def _is_local(host: str) -> bool:
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host
    return name in LOCAL_NAMES and (not colon or (port.isascii() and port.isdigit()))


def _begins_with(path: str, prefix: str) -> bool:
    # In the same time wherever they differ: another user of this computer may try as long as they like.
    begin, after = path[: len(prefix)], path[len(prefix) : len(prefix) + 1]
    return hmac.compare_digest(begin.encode("latin-1", "replace"), prefix.encode()) and after in {"", "/"}
