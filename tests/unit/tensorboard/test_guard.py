import pytest

from expsyncd.tensorboard.guard import guarded, refusal

LOCAL = "this TensorBoard answers to localhost only"
OWN = "this TensorBoard answers to its own pages only"


def environ(host="localhost:6006", method="GET", origin=None, fetch=None, path="/"):
    """`fetch`: what a browser says of the page that asks, as site, mode and dest."""
    found = {"REQUEST_METHOD": method, "PATH_INFO": path}
    if host is not None:
        found["HTTP_HOST"] = host
    if origin is not None:
        found["HTTP_ORIGIN"] = origin
    for name, value in zip(("SITE", "MODE", "DEST"), fetch or (), strict=False):
        found[f"HTTP_SEC_FETCH_{name}"] = value
    return found


def why(*args, prefix="", **options):
    found = refusal(environ(*args, **options), prefix)
    return None if found is None else found[1]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:6006", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:6006", "LocalHost:80"]
)
def test_local_names_pass_with_any_port(host):
    assert why(host) is None


@pytest.mark.parametrize(
    "host",
    [
        None, "", "evil.example", "evil.example:6006", "localhost.evil.example", "127.0.0.1.evil.example",
        "evil.example,localhost", "localhost,evil.example", "localhost:6006,evil.example", "localhost:", "::1",
        "localhost:80a", "a@localhost", "127.0.0.2", "[::2]", "[::1]x", "0.0.0.0:6006", "localhost:٣",
    ],
)  # fmt: skip
def test_other_names_are_refused(host):
    assert why(host) == LOCAL


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_a_page_is_answered_when_it_is_our_own(method):
    assert why(method=method) is None  # curl
    for origin in ("http://localhost:6006", "https://LOCALHOST:6006"):
        assert why(method=method, origin=origin) is None
    for origin in (
        "http://evil.example", "http://localhost:3000", "http://127.0.0.1:6006", "http://localhost:6006.evil.example",
        "null", "", "file://localhost:6006", "http://", "http://localhost:6006/",
    ):  # fmt: skip
        assert why(method=method, origin=origin) == OWN, origin


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get", "", None])
def test_other_methods_are_refused(method):
    assert refusal(environ(method=method)) == ("405 Method Not Allowed", why(method=method))


@pytest.mark.parametrize(
    ("fetch", "method", "passes"),
    [
        (("same-origin", "cors", "empty"), "GET", True),
        (("same-origin", "cors", "empty"), "POST", True),
        (("same-origin", "navigate", "iframe"), "GET", True),  # a tab of TensorBoard is a frame of it
        (("none", "navigate", "document"), "GET", True),  # typed, or a bookmark
        (("cross-site", "navigate", "document"), "GET", True),  # a link on another page
        (("same-site", "navigate", "document"), "GET", True),
        (("cross-site", "navigate", "document"), "POST", False),  # a form there
        (("cross-site", "navigate", "iframe"), "GET", False),
        (("cross-site", "navigate", "embed"), "GET", False),
        (("cross-site", "no-cors", "image"), "GET", False),
        (("cross-site", "no-cors", "script"), "GET", False),
        (("cross-site", "cors", "empty"), "GET", False),
        (("same-site", "cors", "empty"), "GET", False),  # another port of localhost is another's page
        (("same-site", "no-cors", "empty"), "POST", False),
        (("cross-site",), "GET", False),
        (("something new",), "GET", False),
    ],
)
def test_what_other_pages_may_ask(fetch, method, passes):
    assert why(fetch=fetch, method=method) == (None if passes else OWN)


SECRET = "/s3cret-S3cret_s3cret-S3cret_1234"


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        (SECRET, True),
        (f"{SECRET}/", True),
        (f"{SECRET}/data/runs", True),
        ("/", False),
        ("", False),
        ("/data/runs", False),
        (f"{SECRET}x/data/runs", False),
        (SECRET[:-1], False),
        (f"/{SECRET}/", False),
        (f"/x/..{SECRET}/", False),
        (SECRET.lower(), False),
        (SECRET.replace("3", "\u0663"), False),
        ("/\xff\udcff", False),
    ],
)
def test_a_private_page_needs_its_secret(path, passes):
    found = refusal(environ(path=path), SECRET)
    assert (found or (None,))[0] == (None if passes else "404 Not Found")
    assert refusal(environ("evil.example", path=path), SECRET) == ("403 Forbidden", LOCAL)


def test_a_refused_request_never_reaches_the_application():
    said = []
    guard = guarded(lambda *_: pytest.fail("it was reached"))
    body = guard(environ("evil.example"), lambda status, headers: said.append((status, dict(headers))))
    ((status, headers),) = said
    assert status == "403 Forbidden"
    assert int(headers["Content-Length"]) == len(b"".join(body))


def test_an_allowed_request_reaches_it():
    said = []

    def app(environment, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Referrer-Policy", "no-referrer")])
        return [environment["REQUEST_METHOD"].encode()]

    assert guarded(app)(environ(), lambda *words: said.append(words)) == [b"GET"]
    assert said == [
        (
            "200 OK",
            [
                ("Content-Type", "text/plain"), ("Referrer-Policy", "no-referrer"),
                ("X-Frame-Options", "SAMEORIGIN"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ],
        )
    ]  # fmt: skip


def test_a_refused_head_has_no_body():
    assert guarded(None)(environ("evil.example", "HEAD"), lambda *_: None) == []
