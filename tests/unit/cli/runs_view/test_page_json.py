import json

import pytest

from expsyncd.cli.runs_view.page_json import page_json, print_page
from unit.cli.runs_view.test_page import full


def test_all_of_it(capsys):
    print_page(full())
    found = json.loads(capsys.readouterr().out, parse_constant=lambda _: pytest.fail("no JSON"))
    assert found == json.loads(json.dumps(page_json(full())))
    assert found["name"] == "gpu/gan/a"
    assert found["settings_told_by"] == ["hparams.yaml"]
    assert [point[0] for point in found["curves"]["val/loss"]] == [0, 1]
    assert [entry["score"] for entry in found["entries"]] == [0.9, 0.5]
    assert found["samples"][0]["series"] == "fake_{epoch}.png"
    assert [file["gone_on_host"] for file in found["mirror_files"]] == [False, True]
    assert found["versions"][0]["path"] == "gan/a/best.csv"
    assert found["jobs"][0]["ended"] == "out of memory"
