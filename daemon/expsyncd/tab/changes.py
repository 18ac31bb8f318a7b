"""What changes something: by POST with JSON and a token that only pages of this TensorBoard can read."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.state.marks import asked, change_of
from expsyncd.tab.answers import json_answer
from expsyncd.tab.daemon_asked import wish, wish_pull
from expsyncd.tab.runs import keys_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from expsyncd.tab.known import Known

TOKEN_HEADER = "X-Expsyncd-Token"  # noqa: S105 - the header's name
# Of this process: a page that was open while TensorBoard was restarted asks for the new one.
_TOKEN = secrets.token_urlsafe(32)
RUNS_MOST = 5000


class NotOursError(Error):
    """Not a request of our page."""

    status = 403


class NoWishError(Error):
    """A request of our page that means nothing."""

    status = 400

    def __init__(self, title: str, advice: str = "reload the page") -> None:
        super().__init__(title, advice)


def token(_known: Known, _request: Request) -> Response:
    """The token, for the page itself: no other site's page can read the answer."""
    return json_answer({"token": _TOKEN})


def mark(known: Known, request: Request) -> Response:
    """`{"runs": [ID…], "change": {hidden, pinned, note, add_tags, drop_tags}}`."""
    words = _words(request)
    wanted = [str(one) for one in _listed(words, "runs")][:RUNS_MOST]
    change = _change(words.get("change"))
    with known.catalogue() as db:
        known_keys = keys_of(db)
    keys = [known_keys[one] for one in wanted if one in known_keys]
    if not keys:
        raise Error("there is no such run any more", "the list shows those there are")
    wish(known, "mark", runs=asked(keys), **change)
    return json_answer({"done": len(keys)})


def pull(known: Known, request: Request) -> Response:
    """`{"host": NAME, "source": NAME or null}`: pull now."""
    words = _words(request)
    host, source = _named(words, "host"), words.get("source")
    if source is not None and not isinstance(source, str):
        raise NoWishError("source is a name or null")
    wish_pull(known, host, source)
    return json_answer({"done": 1})


def pause(known: Known, request: Request) -> Response:
    """`{"host": NAME}`: pause it."""
    return _of_host(known, request, "pause")


def resume(known: Known, request: Request) -> Response:
    """`{"host": NAME}`: go on, and try at once what had failed."""
    return _of_host(known, request, "resume")


def _of_host(known: Known, request: Request, verb: str) -> Response:
    host = _named(_words(request), "host")
    wish(known, verb, host=host)
    return json_answer({"done": 1})


def _words(request: Request) -> dict[str, Any]:
    """The body. A form or a plain fetch of another site can send neither this type nor the token."""
    given = request.headers.get(TOKEN_HEADER, "")
    if request.mimetype != "application/json":
        raise NotOursError("changes are asked for in JSON")
    if not hmac.compare_digest(given.encode(), _TOKEN.encode()):
        raise NotOursError("this request comes from no page of this TensorBoard")
    words = request.get_json(silent=True)
    if not isinstance(words, dict):
        raise NoWishError("that is no JSON object")
    return words


def _named(words: dict[str, Any], name: str) -> str:
    value = words.get(name)
    if not isinstance(value, str) or not value:
        raise NoWishError(f"{name} is missing")
    return value


def _listed(words: dict[str, Any], name: str) -> list[Any]:
    value = words.get(name)
    if not isinstance(value, list) or not value:
        raise NoWishError(f"{name} is no list")
    return value


def _change(given: Any) -> dict[str, Any]:
    """What is to be said of runs, as the daemon would check it again."""
    if not isinstance(given, dict):
        raise NoWishError("change is missing")
    try:
        return change_of(given)
    except Error as error:
        raise NoWishError(error.title, error.advice) from None
