import json
import re
from types import SimpleNamespace

import pytest

from expsyncd.tab.plugin import CHANGE, READ, STATIC, Tab, contained
from unit.habits.source_tree import PACKAGE


@pytest.fixture
def tab(tmp_path):
    return Tab(SimpleNamespace(logdir=str(tmp_path / "root" / "tb_log"), flags=None))


def test_every_address_has_its_function(tab):
    for module, function in [*READ.values(), *CHANGE.values()]:
        assert re.search(rf"^def {function}\(", (PACKAGE / "tab" / f"{module}.py").read_text(), re.MULTILINE)
    assert READ.keys() | CHANGE.keys() < tab.get_plugin_apps().keys()
    assert not READ.keys() & CHANGE.keys()


def test_an_exception_is_an_answer():
    def broken(*_):
        raise RuntimeError("<b>")

    said = []
    (body,) = contained(broken)(
        {"PATH_INFO": "/x"}, lambda status, headers: said.append((status, dict(headers)))
    )
    ((status, headers),) = said
    assert status.startswith("500")
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body)["error"]["title"] == "the tab has a fault: RuntimeError: <b>"


def test_the_page_puts_names_in_as_text_only():
    # What would make markup or code of a text; there is no other way from a name to an element.
    never = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser|setHTML|javascript:"
    )
    for file in STATIC.iterdir():
        assert not never.search(file.read_text()), file.name


def test_the_page_needs_nothing_from_elsewhere():
    for file in STATIC.iterdir():
        foreign = [
            url
            for url in re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s'\"]*", file.read_text())
            if "w3.org" not in url
        ]
        assert foreign == [], file.name
    page = (STATIC / "page.html").read_text()
    assert re.findall(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page) == []


def test_what_the_page_loads_is_there():
    for file in STATIC.iterdir():
        wanted = re.findall(r"from '\./([\w.]+)'|href=\"([\w.]+)\"|src=\"([\w.]+)\"", file.read_text())
        for names in wanted:
            assert (STATIC / "".join(names)).is_file(), (file.name, names)


def test_files_are_small_enough_to_be_read():
    assert {
        file.name: count for file in STATIC.iterdir() if (count := len(file.read_text().splitlines())) > 300
    } == {}
