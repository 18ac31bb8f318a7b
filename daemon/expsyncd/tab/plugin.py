"""The plugin: which address answers what. Nothing that goes wrong in here reaches TensorBoard.

Everything behind the addresses is imported with the first request, inside what catches its exceptions, so a
fault of the tab is a tab that says so.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)

NAME = "experiments"
TAB = "Experiments"
STATIC = Path(__file__).with_name("static")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Address to module and function below this package.
READ = {
    "/api/changed": ("hosts", "changed"),
    "/api/runs": ("runs", "runs"),
    "/api/run": ("run", "run"),
    "/api/curves": ("runs", "curves"),
    "/api/samples": ("samples", "samples"),
    "/api/frames": ("samples", "frames"),
    "/strip": ("pictures", "strip"),
    "/picture": ("pictures", "picture"),
    "/animation": ("pictures", "animation"),
    "/api/journal": ("journal", "journal"),
    "/api/hosts": ("hosts", "hosts"),
    "/api/token": ("changes", "token"),
}
CHANGE = {
    "/api/mark": ("changes", "mark"),
    "/api/pull": ("changes", "pull"),
    "/api/pause": ("changes", "pause"),
    "/api/resume": ("changes", "resume"),
}

_Wsgi = Any


class Tab(base_plugin.TBPlugin):  # type: ignore[misc] # TensorBoard has no types
    """The plugin as TensorBoard sees it."""

    plugin_name = NAME

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._logdir = Path(context.logdir)
        self._known: Any = None

    def get_plugin_apps(self) -> dict[str, _Wsgi]:
        """Addresses to WSGI applications."""
        pages = {f"/{file.name}": contained(_page(file)) for file in STATIC.iterdir() if file.suffix in KINDS}
        reads = {path: contained(self._asked(place, "GET")) for path, place in READ.items()}
        changes = {path: contained(self._asked(place, "POST")) for path, place in CHANGE.items()}
        return pages | reads | changes

    def is_active(self) -> bool:
        """Always: it has something to say even where nothing was logged."""
        return True

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """A module in a frame of its own, told by nobody to reload."""
        return base_plugin.FrontendMetadata(
            es_module_path="/index.js", tab_name=TAB, disable_reload=True, remove_dom=False
        )

    def _asked(self, place: tuple[str, str], method: str) -> _Wsgi:
        module, function = place

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            asking = importlib.import_module("expsyncd.tab.asking")
            if self._known is None:
                self._known = asking.known(self._logdir, os.environ)
            response = asking.answered(self._known, environ, method, module, function)
            answer: Iterable[bytes] = response(environ, start_response)
            return answer

        return application


def contained(application: _Wsgi) -> _Wsgi:
    """`application`, whose exceptions are an answer with status 500."""

    def guard(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            answer: Iterable[bytes] = application(environ, start_response)
            return answer
        except Exception as error:
            logger.exception("the tab failed to answer %s", environ.get("PATH_INFO"))
            said = {"title": f"the tab has a fault: {type(error).__name__}: {error}",
                    "advice": "TensorBoard itself is well; `expsyncd logs` may say more"}  # fmt: skip
            body = json.dumps({"error": said}).encode()
            headers = [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", "no-store"),
            ]
            start_response("500 Internal Server Error", headers)
            return [body]

    return guard


def _page(file: Path) -> _Wsgi:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        from expsyncd.tab.answers import OTHER_POLICY, PAGE_POLICY, answer  # noqa: PLC0415 - see the module

        policy = PAGE_POLICY if file.suffix == ".html" else OTHER_POLICY
        # Not kept: an upgraded daemon comes with other files under the same names; they are small.
        # Nor asked for conditionally: TensorBoard warns of each 304, since that has no type.
        response = answer(file.read_bytes(), KINDS[file.suffix], policy=policy)
        shown: Iterable[bytes] = response(environ, start_response)
        return shown

    return application
