"""Runs inside the TensorBoard process: TensorBoard behind our guard, ended with the daemon that began it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from expsyncd.tensorboard.apart import apart
from expsyncd.tensorboard.command import ADDRESS, PREFIX_VARIABLE, SCALARS_ONLY
from expsyncd.tensorboard.deaths import NOT_APART
from expsyncd.tensorboard.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

PARENT_LOOK_S = 1.0
FILES_MOST = 65_536
PORT_TAKEN = 255  # as TensorBoard itself ends then
# The tabs of the scalars-only mode; `core` is the page itself.
_SCALAR_PLUGINS = frozenset({"core", "scalars", "custom_scalars"})

_WsgiApp = Any


def main(arguments: Sequence[str]) -> int:
    """Run TensorBoard with `arguments`; blocks; returns its exit status (0 after SIGTERM)."""
    # Not an argument: every user of this computer sees those of every process.
    prefix = os.environ.pop(PREFIX_VARIABLE, "")
    bound = _apart(arguments) if prefix else None
    # Slow to import, and only this process needs it.
    from tensorboard import default, program  # noqa: PLC0415
    from tensorboard.plugins import base_plugin  # noqa: PLC0415

    class GuardedServer(program.WerkzeugServer):  # type: ignore[misc] # TensorBoard has no types
        """TensorBoard's own HTTP service behind our guard."""

        def __init__(self, wsgi_app: _WsgiApp, flags: Any) -> None:
            super().__init__(guarded(wsgi_app, prefix), flags)

        socket: Any

        def server_bind(self) -> None:
            """As TensorBoard does, or take over what is bound already."""
            if bound is None:
                super().server_bind()
                return
            self.socket.close()
            self.socket = bound
            self.server_address = self.server_name, self.server_port = bound.getsockname()

        def print_serving_message(self) -> None:
            """Not said: the address may hold the secret of a private page, and the daemon knows it."""

    class OurTensorBoard(program.TensorBoard):  # type: ignore[misc] # TensorBoard has no types
        """Not entered into the list in /tmp that notebooks look at: a kill would leave it there."""

        def _register_info(self, server: Any) -> None:
            del server

    plugins = default.get_plugins()
    if SCALARS_ONLY in arguments:
        plugins = [plugin for plugin in default.get_static_plugins() if _name(plugin) in _SCALAR_PLUGINS]
    tensorboard = OurTensorBoard(plugins=[*plugins, *_our_tab()], server_class=GuardedServer)
    _end_with_parent()
    _allow_many_files()
    try:
        ours = [f"--path_prefix={prefix}"] if prefix else []
        tensorboard.configure(("", *(word for word in arguments if word != SCALARS_ONLY), *ours))
    except base_plugin.FlagsError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - stderr is this process's log
        return 2
    return int(tensorboard.main() or 0)


def _apart(arguments: Sequence[str]) -> Any:
    """The bound socket of a private page, whose process left the network that all share; None: it may not."""
    port = next(int(word.partition("=")[2]) for word in reversed(arguments) if word.startswith("--port="))
    try:
        bound = apart(ADDRESS, port)
    except OSError as error:
        print(f"port {port}: {error.strerror}", file=sys.stderr)  # noqa: T201 - stderr is this process's log
        sys.exit(PORT_TAKEN)
    if bound is None:
        print(NOT_APART, file=sys.stderr)  # noqa: T201 - as above
    return bound


def _our_tab() -> list[Any]:
    """Our own tab; whatever is wrong with it, TensorBoard starts without."""
    try:
        from expsyncd.tab.plugin import Tab  # noqa: PLC0415 - its fault must not be ours
    except Exception as error:  # noqa: BLE001 - see above
        print(f"the tab Experiments is left out: {error!r}", file=sys.stderr)  # noqa: T201 - this process's log
        return []
    return [Tab]


def _name(plugin: Any) -> str:
    # The core plugin comes as a loader without a name.
    return getattr(plugin, "plugin_name", "core" if "Core" in type(plugin).__name__ else "")


def _allow_many_files() -> None:
    """The data server keeps every event file open; past the usual 1024 it could not even answer any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MOST if hard == resource.RLIM_INFINITY else min(FILES_MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has another limit above this one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


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
