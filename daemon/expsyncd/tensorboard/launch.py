"""Runs inside the TensorBoard process: TensorBoard with a host guard, ended with the daemon that started it.

TensorBoard itself answers to any Host, so a web page could read a person's results by DNS rebinding.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from expsyncd.tensorboard.command import SCALARS_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PARENT_LOOK_S = 1.0
# The tabs of the scalars-only mode; `core` is the page itself.
_SCALAR_PLUGINS = frozenset({"core", "scalars", "custom_scalars"})

_Environ = dict[str, Any]
_WsgiApp = Any


def refusal(environ: _Environ) -> str | None:
    """Why a request with this WSGI environment is refused; None when it may pass.

    Host must be a local name, with any port (a person may forward it). What is not a mere reading must
    come from the same page, or from no page.
    """
    host = environ.get("HTTP_HOST", "").strip().lower()
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host
    if name not in LOCAL_NAMES or (colon and not (port.isascii() and port.isdigit())):
        return "this TensorBoard answers to localhost only"
    origin = environ.get("HTTP_ORIGIN")
    if environ.get("REQUEST_METHOD") not in READING_METHODS and origin is not None:
        scheme, _, origin_host = origin.strip().lower().partition("://")
        if scheme not in {"http", "https"} or origin_host != host:
            return "this TensorBoard takes changes from its own pages only"
    return None


def guarded(app: _WsgiApp) -> _WsgiApp:
    """`app` behind `refusal`: 403 with the reason as text."""

    def guard(environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        reason = refusal(environ)
        if reason is None:
            answer: Iterable[bytes] = app(environ, start_response)
            return answer
        body = f"{reason}\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("403 Forbidden", headers)
        return [body]

    return guard


def main(arguments: Sequence[str]) -> int:
    """Run TensorBoard with `arguments`; blocks; returns its exit status (0 after SIGTERM)."""
    # Slow to import, and only this process needs it.
    from tensorboard import default, program  # noqa: PLC0415
    from tensorboard.plugins import base_plugin  # noqa: PLC0415

    class GuardedServer(program.WerkzeugServer):  # type: ignore[misc] # TensorBoard has no types
        """TensorBoard's own HTTP service behind our guard."""

        def __init__(self, wsgi_app: _WsgiApp, flags: Any) -> None:
            super().__init__(guarded(wsgi_app), flags)

    class OurTensorBoard(program.TensorBoard):  # type: ignore[misc] # TensorBoard has no types
        """Not entered into the list in /tmp that notebooks look at: a kill would leave it there."""

        def _register_info(self, server: Any) -> None:
            del server

    plugins = default.get_plugins()
    if SCALARS_ONLY in arguments:
        plugins = [plugin for plugin in default.get_static_plugins() if _name(plugin) in _SCALAR_PLUGINS]
    tensorboard = OurTensorBoard(plugins=plugins, server_class=GuardedServer)
    _end_with_parent()
    try:
        tensorboard.configure(("", *(argument for argument in arguments if argument != SCALARS_ONLY)))
    except base_plugin.FlagsError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - stderr is this process's log
        return 2
    return int(tensorboard.main() or 0)


def _name(plugin: Any) -> str:
    # The core plugin comes as a loader without a name.
    return getattr(plugin, "plugin_name", "core" if "Core" in type(plugin).__name__ else "")


def _end_with_parent() -> None:
    """For systems without a parent-death signal, and for a daemon that was killed: end when it is gone."""
    parent = os.getppid()
    waiting = threading.Event()

    def look() -> None:
        while os.getppid() == parent:
            waiting.wait(PARENT_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
