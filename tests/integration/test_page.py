"""The real page against foreign names, foreign pages, odd requests and other users of this computer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest

from expsyncd.config.model import TensorBoardConfig
from expsyncd.tensorboard import command
from expsyncd.tensorboard.deaths import NOT_APART
from expsyncd.tensorboard.keeper import Calls
from support.place import Place
from support.tensorboards import Home, Training, a_free_port, ask, children_of
from support.wait import eventually, until

WITHIN_S = 30
SECRET = "/0123456789abcdefghijklmnopqrstuv"
# One of each kind: the page, its script, what it asks, a plugin's, our tab's, nothing at all.
PATHS = [
    "/",
    "/index.js",
    "/data/runs",
    "/data/environment",
    "/data/plugins_listing",
    "/data/plugin/scalars/tags",
    "/data/plugin/experiments/index.js",
    "/no",
]


class Page:
    """A real TensorBoard over one run, as the daemon starts it."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.prefix = prefix
        training = Training(folder / "tb" / "gpu" / "a")
        training.write(range(3))
        training.close()
        (folder / "secret.txt").write_text("root:x:0")
        self.port = a_free_port()
        argv = command.argv(TensorBoardConfig(), logdir=folder / "tb", port=self.port, fast=True)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv, env=command.environment(os.environ, prefix), stdout=log, stderr=log, cwd=folder
            )
        until(lambda: self.ask("/data/environment")[0] == 200, WITHIN_S)

    def ask(self, path: str, **options: str) -> tuple[int, bytes]:
        return ask(self.port, self.prefix + path, **options)

    def raw(self, request: bytes) -> tuple[int, bytes]:
        """Status and all bytes of the answer to a request as it stands."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request.replace(b"PORT", str(self.port).encode()))
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        words = answer.split(b" ", 2)
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0), answer

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    found = Page(tmp_path_factory.mktemp("page"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    found = Page(tmp_path_factory.mktemp("private"), SECRET)
    yield found
    found.close()


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_for_this_computer_only(page, path):
    expected = 404 if path == "/no" else 200
    for name in ("localhost", "LOCALHOST:7000", "127.0.0.1", f"127.0.0.1:{page.port}", "[::1]:7000"):
        assert page.ask(path, Host=name)[0] == expected, name
    # The second name of a DNS rebinding arrives as Host, whatever address it has by then.
    for name in (
        "evil.example",
        f"evil.example:{page.port}",
        "127.0.0.1.evil.example",
        "localhost:1@evil.example",
        "",
    ):
        assert page.ask(path, Host=name) == (403, b"this TensorBoard answers to localhost only\n"), name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_other_page_gets_an_answer(page, path, method):
    for origin in ("http://evil.example", "null", "http://localhost:1", f"https://evil.example:{page.port}"):
        assert page.ask(path, method=method, Origin=origin)[0] == 403, origin
    for dest, mode in (
        ("image", "no-cors"),
        ("script", "no-cors"),
        ("empty", "cors"),
        ("iframe", "navigate"),
    ):
        for site in ("cross-site", "same-site"):
            assert (
                page.ask(path, method=method, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode, Sec_Fetch_Dest=dest)[
                    0
                ]
                == 403
            )
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": "http://evil.example"}
    assert page.ask(path, method="POST", **form)[0] == 403


def test_its_own_pages_and_links_to_it_are_answered(page):
    own = {"Origin": f"http://127.0.0.1:{page.port}", "Sec_Fetch_Site": "same-origin"}
    assert page.ask("/data/runs", **own)[0] == 200
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert page.ask("/", **link)[0] == 200
    assert page.ask("/", method="POST", **link)[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECT"])
def test_other_methods_do_nothing(page, method):
    assert page.ask("/data/runs", method=method)[0] == 405


def test_what_a_browser_may_do_with_it(page):
    _, answer = page.raw(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b"\r\nX-Frame-Options: SAMEORIGIN\r\n" in answer
    assert b"\r\nCross-Origin-Resource-Policy: same-origin\r\n" in answer
    assert b"Access-Control-Allow-Origin" not in answer
    _, answer = page.raw(b"GET /data/runs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert b"\r\nX-Frame-Options: SAMEORIGIN\r\n" in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET http://evil.example/data/runs HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET http://evil.example:PORT/data/runs HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", 403),
        (b"GET http://localhost:PORT/data/runs HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", 200),
        (b"GET //evil.example/data/runs HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /data/runs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: localhost:PORT:PORT\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: localhost:-1\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: localhost\tevil.example\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: evil.example#localhost\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nX-Forwarded-Host: localhost\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\n\r\n", 403),
        (b"GET /data/runs HTTP/1.0\r\n\r\n", 403),
        (b"GET /data/runs\r\n", 403),
        (b"GET /data/runs HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: null\r\n\r\n", 403),
    ],
)  # fmt: skip
def test_odd_requests(page, request_, status):
    found, answer = page.raw(request_)
    # An HTTP/0.9 answer has no status line: only what it says counts.
    assert found == status or (not found and b"answers to localhost only" in answer)
    if status != 200:
        assert b'"gpu/a"' not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/../../../../../../etc/passwd", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt",
        "/%252e%252e%252fsecret.txt", "//etc/passwd", "/%2fetc%2fpasswd", "/secret.txt%00.js", "/%00", "/index.js%00",
        "/data/plugin/scalars/../../../../secret.txt", "/data/plugin/scalars/%2e%2e%2f%2e%2e%2fsecret.txt", "/..\\secret.txt",
        "/data/plugin/projector/info?run=../../secret.txt", "/data/plugin_entry.html?name=../../secret.txt",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(page, path):
    status, answer = page.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert b"root:" not in answer
    assert status in (301, 302, 400, 404) or b"secret.txt" not in answer


def test_only_ipv4_loopback_is_listened_on(page):
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    port = f":{page.port:04X} "
    ends = {line.split()[1] for line in listening.splitlines() if port in line and line.split()[3] == "0A"}
    assert ends == {f"0100007F:{page.port:04X}"}


@pytest.mark.parametrize("path", PATHS)
def test_a_private_page_is_nowhere_without_its_secret(private, path):
    for begin in (
        "",
        SECRET[:-1],
        SECRET.upper(),
        SECRET + "x",
        f"/x/..{SECRET}",
        "/%2e" + SECRET,
    ):
        status, answer = ask(private.port, begin + path)
        assert (status, answer) == (404, b"this TensorBoard is private: `expsyncd open` opens it\n"), begin
    assert private.ask(path)[0] == (404 if path == "/no" else 200)
    assert private.ask(path, Host="evil.example")[0] == 403


def test_other_users_do_not_see_the_secret(private):
    until(lambda: b'"gpu/a"' in private.ask("/data/runs")[1], 10)
    processes = [private.process.pid, *children_of(private.process.pid)]
    assert len(processes) == 2
    secret = SECRET[1:].encode()
    for pid in processes:
        assert secret not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert Path(f"/proc/{pid}/environ").stat().st_mode & 0o077 == 0
    assert secret not in private.log.read_bytes()


def data_port(page: Page) -> int:
    """Where its data server listens, as TensorBoard itself tells whoever may ask."""
    status, body = page.ask("/data/environment")
    assert status == 200
    told = json.loads(body)["debug"]["data_provider"]
    return int(told.rpartition(":")[2].rstrip("')"))


def test_the_data_server_of_a_private_page_is_out_of_reach(page, private):
    # It answers whoever finds its port, and any user of this computer may look for it.
    with socket.create_connection(("localhost", data_port(page)), timeout=5):
        pass
    until(lambda: b'"gpu/a"' in private.ask("/data/runs")[1], 10)
    if NOT_APART in private.log.read_text():
        pytest.skip("this system lets no program have a network of its own")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", data_port(private)), timeout=5)


def test_as_a_mere_user_too():
    # Root needs no world of its own to leave the network; others do.
    program = (
        "import os, socket, sys; sys.path.insert(0, sys.argv[1])\n"
        "from apart import apart\n"
        "bound = apart('127.0.0.1', 0); bound.listen(); port = bound.getsockname()[1]\n"
        "socket.create_server(('127.0.0.1', port)).close()\n"  # free there, though taken here
        "print(os.getuid(), port, flush=True); bound.accept()\n"
    )
    folder = str(Path(command.__file__).parent)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="ex", dir="/tmp") as readable:
        Path(readable).chmod(0o755)
        shutil.copy(f"{folder}/apart.py", readable)
        # Root's own Python may lie where others cannot read.
        python = (
            "/usr/bin/python3" if os.getuid() == 0 and Path("/usr/bin/python3").exists() else sys.executable
        )
        with subprocess.Popen(
            [*become, python, "-c", program, readable], stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            words = other.stdout.readline().split()
            if not words:
                pytest.skip("this system lets no user have a network of their own")
            socket.create_connection(("127.0.0.1", int(words[1])), timeout=5).close()
            assert other.wait(10) == 0


async def test_private_comes_and_goes_with_the_config(tmp_path):
    home = Home(tmp_path)
    async with home.keeping(private=True) as keeper:
        await eventually(home.serving, within=WITHIN_S)
        url = home.state.url
        secret = home.secret.read_text().strip()
        assert url == f"http://127.0.0.1:{home.port}/{secret}/"
        assert ask(home.port, f"/{secret}/data/runs")[0] == 200
        assert ask(home.port, "/data/runs")[0] == 404
        first = home.state.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: home.serving() and home.state.pid != first, within=WITHIN_S)
        assert home.state.url == url
        keeper.apply(TensorBoardConfig(port=home.port))
        await eventually(
            lambda: home.serving() and home.state.url == f"http://127.0.0.1:{home.port}", within=WITHIN_S
        )
        assert ask(home.port, "/data/runs")[0] == 200
    assert secret not in home.log.read_text() + home.record.read_text()


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
async def test_another_user_who_takes_the_port_is_not_told_the_secret(tmp_path):
    # Between the choice of the port and its start there is time, and whoever looks for such processes sees it.
    home = Home(tmp_path)
    stolen: list[socket.socket] = []

    def steal():
        if not stolen:
            os.seteuid(65534)
            try:
                stolen.append(socket.socket())
            finally:
                os.seteuid(0)
            stolen[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stolen[0].bind(("127.0.0.1", home.port))
            stolen[0].listen()

    async with home.keeping({"calls": Calls(starts=steal)}, private=True):
        await eventually(home.serving, within=WITHIN_S)
        assert f":{home.port}/" not in str(home.state.url)
    secret, heard = home.secret.read_bytes().strip(), []
    with stolen[0] as thief:
        thief.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                with thief.accept()[0] as asked:
                    asked.setblocking(True)
                    asked.settimeout(1)
                    heard.append(asked.recv(1000))
    assert [said for said in heard if secret in said] == []


def test_the_owner_is_told_and_the_browser_is_led_there(make_sshd, tmp_path):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    try:
        place.configure(tensorboard=True, more="")
        text = place.config_file.read_text()
        place.config_file.write_text(text.replace("enabled: true", "enabled: true, private: true"))
        place.start()
        board = until(
            lambda: (found := (place.status() or {})["tensorboard"])["status"] == "serving" and found,
            WITHIN_S,
        )
        secret = board["url"].rstrip("/").rpartition("/")[2]
        assert len(secret) == 32
        browser = tmp_path / "browser"
        browser.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/told\n')
        browser.chmod(0o755)
        place.environment["BROWSER"] = f"{browser} %s"
        assert place.run("open").stdout == f"{board['url']}\n"
        told = until(lambda: (tmp_path / "told").exists() and (tmp_path / "told").read_text().strip(), 10)
        assert secret not in told
        page = Path(unquote(told.removeprefix("file://")))
        assert f"url={board['url']}" in page.read_text()
        assert page.stat().st_mode & 0o777 == 0o600
        assert board["url"] in place.run("status").stdout
        assert secret not in place.run("logs").stdout
        holding = [
            path for path in place.base.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
        ]
        assert {path.name for path in holding} == {"tensorboard.secret", "open.html"}
        assert {path.stat().st_mode & 0o777 for path in holding} == {0o600}
    finally:
        place.close()
