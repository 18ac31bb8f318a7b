import pytest

from expsyncd.tensorboard.launch import guarded, refusal


def environ(host="localhost:6006", method="GET", origin=None):
    found = {"REQUEST_METHOD": method}
    if host is not None:
        found["HTTP_HOST"] = host
    if origin is not None:
        found["HTTP_ORIGIN"] = origin
    return found


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:6006", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:6006", "LocalHost:80"]
)
def test_local_names_pass_with_any_port(host):
    assert refusal(environ(host)) is None


@pytest.mark.parametrize(
    "host",
    [
        None, "", "evil.example", "evil.example:6006", "localhost.evil.example", "127.0.0.1.evil.example",
        "evil.example,localhost", "localhost,evil.example", "localhost:6006,evil.example", "localhost:", "::1",
        "localhost:80a", "a@localhost", "127.0.0.2", "[::2]", "[::1]x", "0.0.0.0:6006", "localhost:٣",
    ],
)  # fmt: skip
def test_other_names_are_refused(host):
    assert refusal(environ(host)) == "this TensorBoard answers to localhost only"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_changes_come_from_its_own_pages_only(method):
    assert refusal(environ(method=method)) is None
    assert refusal(environ(method=method, origin="http://localhost:6006")) is None
    for origin in ("http://evil.example", "http://localhost:3000", "null", "", "file://localhost:6006"):
        assert refusal(environ(method=method, origin=origin)) is not None


def test_reading_from_another_page_is_the_browsers_business():
    assert refusal(environ(origin="http://evil.example")) is None


def test_a_refused_request_never_reaches_the_application():
    said = []
    guard = guarded(lambda *_: pytest.fail("it was reached"))
    body = guard(environ("evil.example"), lambda status, headers: said.append((status, dict(headers))))
    ((status, headers),) = said
    assert status == "403 Forbidden"
    assert int(headers["Content-Length"]) == len(b"".join(body))


def test_an_allowed_request_reaches_it():
    guard = guarded(lambda environment, _: [environment["REQUEST_METHOD"].encode()])
    assert guard(environ(), lambda *_: None) == [b"GET"]
