"""The tab's answers over HTTP, of a real TensorBoard with our launch: what the page gets, and what nobody gets."""

import http.client
import io
import json
import os
import struct
from urllib.parse import quote, urlencode

import pytest
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.samples.frame import Frame, Picture, SeriesKey
from expsyncd.samples.tagged import scan
from expsyncd.samples.wanted import Wanted, made_of
from expsyncd.state.frames import FrameRow, put_frames
from expsyncd.state.series import SeriesRow, put_series
from support.tab_place import Laptop, drawing, furnished
from support.tensorboards import ask
from support.wait import until

PLUGIN = "/data/plugin/experiments"
OURS = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def place():
    found = furnished()
    try:
        found.daemon()
        found.start()
        yield found
    finally:
        found.close()


def get(place, path, pairs=(), **headers):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        query = f"?{urlencode(pairs)}" if pairs else ""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"{PLUGIN}{path}{query}", headers=named)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def told(place, path, pairs=()):
    status, headers, body = get(place, path, pairs)
    assert status == 200, body
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    return json.loads(body)


def post(place, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        connection.request(
            "POST",
            f"{PLUGIN}{path}",
            body,
            {name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def change(place, path, words):
    token = told(place, "/api/token")["token"]
    return post(place, path, json.dumps(words), **OURS, X_Expsyncd_Token=token)


def by_name(place):
    return {run["name"]: run for run in told(place, "/api/runs")["runs"]}


def series_of(place, run, name):
    (found,) = [
        one for one in told(place, "/api/samples")["series"] if (one["run_name"], one["name"]) == (run, name)
    ]
    known = told(place, "/api/frames", [("id", found["id"])])["frames"][found["id"]]
    return found["id"], known


def strip(place, number, version, first, last):
    status, _, body = get(
        place, "/strip", [("id", number), ("version", version), ("from", first), ("to", last)]
    )
    assert status == 200, body
    found, at = [], 0
    while at < len(body):
        kind, length = struct.unpack_from("<BI", body, at)
        found.append((kind, body[at + 5 : at + 5 + length]))
        at += 5 + length
    return found


def test_tensorboard_lists_the_tab(place):
    listing = json.loads(ask(place.port, "/data/plugins_listing")[1])
    assert listing["experiments"]["tab_name"] == "Experiments"
    assert listing["experiments"]["enabled"] is True
    assert listing["experiments"]["loading_mechanism"] == {
        "type": "IFRAME",
        "module_path": f"{PLUGIN}/index.js",
    }


def test_page_and_modules_say_type_and_policy(place):
    status, headers, body = get(place, "/page.html")
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert b"main.js" in body
    assert get(place, "/main.js")[1]["Content-Type"] == "text/javascript; charset=utf-8"


def test_runs_with_the_metrics_and_settings_that_tell_most(place):
    answer = told(place, "/api/runs")
    assert answer["chosen"] == {
        "tags": ["val/loss", "fid", "train/loss"],
        "settings": ["batch_size", "lr", "model.width", "seed"],
    }
    run = {run["name"]: run for run in answer["runs"]}["gpu1/gan-lr3e-4"]
    assert (run["host"], run["source"], run["state"], run["why"], run["step"]) == (
        "gpu1",
        "gan",
        "finished",
        "its log says so",
        3983,
    )
    assert run["settings"] == {"lr": "3e-4", "batch_size": "64", "seed": "1", "model.width": "256"}
    assert (run["pinned"], run["hidden"], run["note"], run["tags"]) == (
        True,
        None,
        "best FID so far, keep",
        ["paper"],
    )
    assert (run["series"], run["entries"], run["listed"]) == (1, 1, True)
    assert round(run["values"]["val/loss"], 2) == 0.44
    other = told(place, "/api/runs", [("tag", "lr"), ("setting", "seed")])["runs"]
    assert {run["settings"].get("seed") for run in other} == {"0", "1", "2", "3", None}
    assert {tuple(run["values"]) for run in other} == {("lr",), ()}


def test_curves_are_thin_and_end_with_the_last_value(place):
    run = by_name(place)["gpu1/gan-lr1e-3"]
    points = told(place, "/api/curves", [("tag", "train/loss"), ("id", run["id"]), ("id", "nobody")])[
        "curves"
    ]["train/loss"]
    assert points.keys() == {run["id"]}
    assert 50 <= len(points[run["id"]]) <= 62
    assert points[run["id"]][-1] == [3990, run["values"]["train/loss"]]


def test_one_run_with_all_that_is_known(place):
    run = by_name(place)["gpu1/gan-lr1e-3"]
    found = told(place, "/api/run", [("id", run["id"])])
    assert [one["name"] for one in found["settings"]] == ["batch_size", "lr", "model.width", "seed"]
    assert [one["tag"] for one in found["scalars"]] == ["fid", "lr", "train/loss", "val/loss"]
    assert found["scalars"][0]["last"][0] == 1170
    assert [(one["id"], one["link_why"]) for one in found["entries"]] == [("e1", "--name is the run's name")]
    assert get(place, "/api/run", [("id", "nobody")])[0] == 503


def test_the_journal_with_what_came_of_it(place):
    first, second, third = told(place, "/api/journal")["entries"]
    assert (first["state"], first["notes"], first["script"], first["line"]) == (
        "commented",
        "baseline: does it learn at all?",
        "~/gan/run.sh",
        12,
    )
    assert [(run["name"], run["series"]) for run in first["runs"]] == [("gpu1/gan-lr1e-3", 2)]
    assert second["runs"][0]["run"] == by_name(place)["gpu1/gan-lr3e-4"]["id"]
    assert (third["runs"], third["unlinked"], third["symbolic"]) == (
        [],
        "its name holds a variable that is not known",
        True,
    )


def test_hosts_as_the_daemon_has_them_and_that_somebody_looks(place):
    found = told(place, "/api/hosts")
    assert found["status"]["hosts"]["hpc"]["status"] == "needs-login"
    assert found["status"]["hosts"]["gpu1"]["sources"]["gan"]["skipped"] == [
        {"path": "ckpt/e100.pt", "bytes": 420_000_000, "reason": "checkpoint over 50 MB"}
    ]
    changed = told(place, "/api/changed")
    assert changed["sources"]["gpu1/gan"] == {"lag": 0.8, "status": "fresh", "sentence": "everything is here"}
    assert changed["index"] == told(place, "/api/changed")["index"]


def test_a_strip_holds_what_was_rendered(place):
    number, known = series_of(place, "gpu1/gan-lr1e-3", "recon_{n}.png")
    assert known["steps"] == [50 * n for n in range(1, 13)]
    frames = strip(place, number, known["version"], 2, 5)
    assert [kind for kind, _ in frames] == [1, 1, 1], "large frames come as small JPEGs"
    assert Image.open(io.BytesIO(frames[0][1])).size == (256, 256)
    number, known = series_of(place, "gpu1/gan-lr3e-4", "fake_{n}.png")
    frames = strip(place, number, known["version"], 0, 99)
    assert [kind for kind, _ in frames] == [2] * 7, "small ones as they are"
    picture = Image.open(io.BytesIO(frames[0][1]))
    assert (picture.format, picture.size) == ("GIF", (128, 148)), "with its label"


def test_the_picture_is_the_file_of_the_mirror(place):
    number, known = series_of(place, "gpu1/gan-lr1e-3", "fake_{n}.png")
    status, headers, body = get(
        place, "/picture", [("id", number), ("version", known["version"]), ("frame", 1)]
    )
    assert (status, headers["Content-Type"], body) == (200, "image/png", drawing(0, 12))
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert get(place, "/picture", [("id", number), ("version", "other"), ("frame", 1)])[0] == 404
    for frame in ("-1", "8", "x", "../1"):
        assert (
            get(place, "/picture", [("id", number), ("version", known["version"]), ("frame", frame)])[0]
            == 404
        )


def test_animations_come_in_pieces(place):
    number, _ = series_of(place, "gpu1/gan-lr1e-3", "fake_{n}.png")
    pairs = [("id", number), ("kind", "gif")]
    status, headers, whole = get(place, "/animation", pairs)
    assert (status, headers["Content-Type"], headers["Accept-Ranges"], whole[:6]) == (
        200,
        "image/gif",
        "bytes",
        b"GIF89a",
    )
    status, headers, piece = get(place, "/animation", pairs, Range="bytes=100-199")
    assert (status, headers["Content-Range"], piece) == (206, f"bytes 100-199/{len(whole)}", whole[100:200])
    assert get(place, "/animation", pairs, Range=f"bytes={len(whole)}-")[0] == 416
    assert get(place, "/animation", [("id", number), ("kind", "mp4")])[0] == 404
    assert get(place, "/animation", [("id", number), ("kind", "exe")])[0] == 400
    out = place.root.animations / "gpu1/gan/gan-lr1e-3/fake_.mp4"
    out.write_bytes(b"\0\0\0\x18ftypisom" + bytes(500))
    status, headers, piece = get(place, "/animation", [("id", number), ("kind", "mp4")], Range="bytes=0-11")
    assert (status, headers["Content-Type"], piece) == (206, "video/mp4", b"\0\0\0\x18ftypisom")


def plant(place, path, content=None, link=None):
    """A series whose catalogue row says that its animation and its one frame lie at `path`; its id and version."""
    name = f"planted {path!r}".encode()
    here = place.root.path / os.fsdecode(path)
    if content is not None:
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_bytes(content)
    if link is not None:
        here.parent.mkdir(parents=True, exist_ok=True)
        here.symlink_to(link)
    try:
        seen = here.stat()
    except (OSError, ValueError):
        seen = os.stat(place.paths.facts_db)
    row = SeriesRow("gpu1", "gan", b"gan-lr1e-3", name, 1, 1, 1, 1, 1, 1.0, 1.0, path, "", "", 8, 8)
    frame = FrameRow(1, "step 1", "nothing", "nothing", os.fsdecode(path), seen.st_size, seen.st_mtime_ns)
    with place._lock:
        place.catalogue.write(lambda db: put_series(db, row))
        place.catalogue.write(lambda db: put_frames(db, ("gpu1", "gan", b"gan-lr1e-3", name), [frame]))
    (found,) = [one for one in told(place, "/api/samples")["series"] if one["name"] == name.decode()]
    return found["id"], told(place, "/api/frames", [("id", found["id"])])["frames"][found["id"]]["version"]


SCRIPT = b"<script>document.title='taken'</script>"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (b"mirror/gpu1/gan/s/a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>"),
        (b"mirror/gpu1/gan/s/a.html", b"<!doctype html>" + SCRIPT),
        (b"mirror/gpu1/gan/s/svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>"),
        (b"mirror/gpu1/gan/s/html.gif", b"<!doctype html>" + SCRIPT),
        (b"mirror/gpu1/gan/s/js.png", b"alert(1)"),
        (b"../outside.png", None),
        (b"mirror/../../outside.png", None),
        (b"/etc/passwd", None),
        (b"mirror/%2e%2e/%2e%2e/outside.png", None),
        (b"mirror/gpu1/gan/s/nul\0.png", None),
    ],
)  # fmt: skip
def test_what_is_no_picture_inside_the_root_is_never_served(place, path, content):
    (place.base / "outside.png").write_bytes(drawing(1, 1))
    number, version = plant(place, path, content)
    for address, pairs in (
        ("/picture", [("version", version), ("frame", 0)]),
        ("/animation", [("kind", "gif")]),
    ):
        status, headers, body = get(place, address, [("id", number), *pairs])
        assert (status, headers["Content-Type"]) == (404, "application/json; charset=utf-8"), body
        assert SCRIPT not in body
    assert strip(place, number, version, 0, 1) == [(0, b"")]


def test_links_in_the_mirror_lead_nowhere(place):
    (place.base / "outside.png").write_bytes(drawing(1, 1))
    for name, link in (
        (b"file.png", place.base / "outside.png"),
        (b"own.png", "fake_000100.png"),
        (b"loop.png", "loop.png"),
    ):
        number, version = plant(place, b"mirror/gpu1/gan/links/" + name, link=link)
        assert get(place, "/picture", [("id", number), ("version", version), ("frame", 0)])[0] == 404
    (place.root.mirror / "gpu1/gan/away").symlink_to(place.base)
    number, version = plant(place, b"mirror/gpu1/gan/away/outside.png")
    assert get(place, "/picture", [("id", number), ("version", version), ("frame", 0)])[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/plugin.py",
        "/..%2fplugin.py",
        "//etc/passwd",
        "/static/../../plugin.py",
        "/plugin.py",
        "/main.js%00.html",
        "/page.html/x",
    ],
)
def test_addresses_name_no_files(place, path):
    status, _, body = get(place, path)
    assert status == 404
    assert b"import" not in body


def test_a_picture_that_was_overwritten_is_shown_as_it_was_rendered(place):
    number, known = series_of(place, "gpu1/gan-lr1e-4", "fake_{n}.png")
    path = place.root.mirror / "gpu1/gan/gan-lr1e-4/samples/fake_000200.png"
    path.write_bytes(drawing(77, 3))
    status, headers, body = get(
        place, "/picture", [("id", number), ("version", known["version"]), ("frame", 1)]
    )
    assert (status, headers["Content-Type"]) == (200, "image/gif")
    assert Image.open(io.BytesIO(body)).size == (128, 148)


def test_an_image_inside_an_event_file_is_cut_out_of_it(place):
    folder = place.root.mirror / "gpu1/gan/gan-lr1e-3"
    writer = EventFileWriter(str(folder))
    images = [drawing(n, 3 + n) for n in range(2)]
    for step, image in enumerate(images):
        value = Summary.Value(
            tag="fakes", image=Summary.Image(height=128, width=128, encoded_image_string=image)
        )
        writer.add_event(Event(step=step, wall_time=1_700_000_000 + step, summary=Summary(value=[value])))
    writer.close()
    (path,) = folder.glob("*tfevents*")
    with path.open("rb") as file:
        found = scan(file, 0, 1 << 30).found
    frames = tuple(
        Frame((one.step, 0), f"step {one.step}", (Picture(os.fsencode(path), one.length, int(one.wall * 1e9), 0, "fakes", one.offset),), one.step)
        for one in found
    )  # fmt: skip
    out = place.root.animations / "gpu1/gan/gan-lr1e-3/tag.fakes.gif"
    place.render(
        Wanted(
            SeriesKey("gpu1", "gan", b"gan-lr1e-3", b"tag://fakes"),
            "gan",
            frames,
            1,
            out,
            "",
            made_of(frames),
        )
    )
    number, known = series_of(place, "gpu1/gan-lr1e-3", "tag://fakes")
    assert known["steps"] == [0, 1]
    for step in (0, 1):
        status, headers, body = get(
            place, "/picture", [("id", number), ("version", known["version"]), ("frame", step)]
        )
        assert (status, headers["Content-Type"], body) == (200, "image/png", images[step])


# Changes


def test_marks_go_to_the_daemon_and_come_back(place):
    run = by_name(place)["gpu1/gan-lr3e-3"]
    index = told(place, "/api/changed")["index"]
    note = "<script>alert(1)</script> \u202e"
    status, body = change(
        place,
        "/api/mark",
        {"runs": [run["id"]], "change": {"hidden": True, "note": note, "add_tags": ["a b"]}},
    )
    assert (status, json.loads(body)) == (200, {"done": 1})
    until(lambda: told(place, "/api/changed")["index"] != index, 5, "a word that it changed")
    run = by_name(place)["gpu1/gan-lr3e-3"]
    assert (run["hidden"], run["note"], run["tags"]) == (True, note, ["a b"])
    change(
        place,
        "/api/mark",
        {"runs": [run["id"]], "change": {"hidden": None, "note": "", "drop_tags": ["a b"]}},
    )
    run = by_name(place)["gpu1/gan-lr3e-3"]
    assert (run["hidden"], run["note"], run["tags"]) == (None, "", [])


def test_wishes_go_to_the_daemon(place):
    place.wishes.clear()
    assert change(place, "/api/pull", {"host": "gpu1", "source": "gan"})[0] == 200
    assert change(place, "/api/pull", {"host": "gpu1"})[0] == 200
    assert change(place, "/api/pause", {"host": "gpu1"})[0] == 200
    assert change(place, "/api/resume", {"host": "gpu1"})[0] == 200
    said = [(wish["do"], wish["host"], wish.get("source"), wish.get("wait")) for wish in place.wishes]
    assert said == [
        ("pull", "gpu1", "gan", False),
        ("pull", "gpu1", None, False),
        ("pause", "gpu1", None, None),
        ("resume", "gpu1", None, None),
    ]


@pytest.mark.parametrize("path", ["/api/mark", "/api/pull", "/api/pause", "/api/resume"])
def test_nothing_changes_by_what_another_site_can_send(place, path):
    place.wishes.clear()
    token = told(place, "/api/token")["token"]
    run = by_name(place)["gpu1/gan-lr1e-3"]["id"]
    body = json.dumps({"runs": [run], "change": {"hidden": True}, "host": "gpu1"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    plain = {"Content-Type": "text/plain"}
    same = {"Sec-Fetch-Site": "same-origin"}
    refused = [
        get(place, path)[0],
        get(place, path, [("host", "gpu1")])[0],
        post(place, path, body, **form)[0],
        post(place, path, body, **plain, X_Expsyncd_Token=token)[0],
        post(place, path, body, **OURS)[0],
        post(place, path, body, **OURS, X_Expsyncd_Token="")[0],
        post(place, path, body, **OURS, X_Expsyncd_Token=token[:-1] + "\u00e9")[0],
        post(place, path, body, **{**OURS, "Sec-Fetch-Site": "cross-site"}, X_Expsyncd_Token=token)[0],
        post(place, path, body, **{**OURS, "Sec-Fetch-Site": "same-site"}, X_Expsyncd_Token=token)[0],
        post(place, path, body, **{**OURS, "Origin": "http://evil.example"}, X_Expsyncd_Token=token)[0],
        post(place, path, body, **OURS, Host="evil.example", X_Expsyncd_Token=token)[0],
        post(place, path, "[]", **OURS, X_Expsyncd_Token=token)[0],
        post(place, path, "{", **OURS, X_Expsyncd_Token=token)[0],
        post(place, path, "{}", **OURS, X_Expsyncd_Token=token)[0],
        post(place, path, body, **same, X_Expsyncd_Token=token)[0],
    ]
    assert refused == [405, 405, *[403] * 9, 400, 400, 400, 403]
    assert place.wishes == []


def test_another_site_reads_nothing(place):
    for path in ("/api/token", "/api/runs", "/strip", "/picture", "/animation", "/api/hosts"):
        assert get(place, path, **{"Sec-Fetch-Site": "cross-site"})[0] == 403, path
        assert get(place, path, Host="evil.example")[0] == 403, path


@pytest.mark.parametrize(
    "wish",
    [{"hidden": "yes"}, {"pinned": None}, {"note": 7}, {"note": "x" * 200_000}, {"add_tags": "abc"}, {"hidden": True, "pinned": True}, {"add_tags": ["a,b"]}, {"add_tags": [["a"]]}, {"other": 1}, {}],
)  # fmt: skip
def test_a_wish_of_another_shape_is_refused(place, wish):
    place.wishes.clear()
    run = by_name(place)["gpu1/gan-lr1e-3"]["id"]
    assert change(place, "/api/mark", {"runs": [run], "change": wish})[0] == 400
    assert change(place, "/api/mark", {"runs": ["nobody"], "change": {"pinned": True}})[0] == 503
    assert place.wishes == []


# Without


def test_without_a_daemon_it_says_so_and_shows_what_is_known(place):
    with place.daemon_away():
        changed = told(place, "/api/changed")
        assert (changed["daemon"], changed["error"]["title"]) == (False, "expsyncd is not running")
        assert len(by_name(place)) == 5
        hosts = told(place, "/api/hosts")
        assert hosts["status"] is None
        assert hosts["error"]["advice"].startswith("start it")
        run = by_name(place)["gpu1/gan-lr1e-3"]["id"]
        status, body = change(place, "/api/mark", {"runs": [run], "change": {"pinned": True}})
        assert (status, json.loads(body)["error"]["title"]) == (503, "expsyncd is not running")


def test_without_a_catalogue_it_says_what_to_do():
    place = Laptop()
    try:
        place.start()
        place.catalogue.close()
        for file in place.paths.state_dir.glob("catalogue.db*"):
            file.unlink()
        status, _, body = get(place, "/api/runs")
        assert (status, json.loads(body)["error"]["title"]) == (503, "there is no catalogue yet")
        assert told(place, "/api/changed")["daemon"] is False
    finally:
        place.close()


@pytest.mark.parametrize(
    "module", ["expsyncd.tab.plugin", "expsyncd.tab.asking", "expsyncd.tab.runs", "expsyncd.tab.answers"]
)
def test_a_broken_tab_leaves_tensorboard_well(module):
    place = Laptop()
    try:
        broken = f"import sys; sys.modules[{module!r}] = None; from expsyncd.tensorboard.launch import main; sys.exit(main(sys.argv[1:]))"
        place.start(["-c", broken])
        listing = json.loads(ask(place.port, "/data/plugins_listing")[1])
        assert "timeseries" in listing
        assert ("experiments" in listing) == (module != "expsyncd.tab.plugin")
        status, _, body = get(place, "/api/runs")
        if module == "expsyncd.tab.plugin":
            assert status == 404
            assert "the tab Experiments is left out" in (place.base / "tensorboard.log").read_text()
        else:
            assert status == 500
            assert "the tab has a fault" in json.loads(body)["error"]["title"]
        assert ask(place.port, "/data/runs")[0] == 200
    finally:
        place.close()


def test_a_run_named_as_markup_is_a_name(place):
    key = place.run(
        "gpu1",
        b"<img src=x onerror=alert(1)>\xff",
        name="gpu1/<img src=x onerror=alert(1)>%FF",
        listed=False,
    )
    place.series(key, b"<script>_{n}", [(1, drawing(3, 3)), (2, drawing(3, 4))])
    run = by_name(place)["gpu1/<img src=x onerror=alert(1)>%FF"]
    assert run["folder"] == "<img src=x onerror=alert(1)>\\xff"
    assert series_of(place, run["name"], "<script>_{n}.png")[1]["steps"] == [1, 2]
    assert quote(run["id"]) == run["id"]


def test_the_index_tells_of_marks_and_of_results(place):
    seen = {told(place, "/api/changed")["index"]}
    place.run("gpu1", b"late")
    seen.add(told(place, "/api/changed")["index"])
    with place._lock:
        place.facts.pause("gpu1")
    seen.add(told(place, "/api/changed")["index"])
    assert len(seen) == 3


def test_frames_at_the_end_change_nothing_before(place):
    key = place.run("gpu1", b"goes-on")
    place.series(key, b"x_{n}", [(step, drawing(5, step)) for step in (1, 2)])
    number, known = series_of(place, "gpu1/goes-on", "x_{n}.png")
    place.series(key, b"x_{n}", [(step, drawing(5, step)) for step in (1, 2, 3)])
    again = series_of(place, "gpu1/goes-on", "x_{n}.png")[1]
    assert known["version"] != again["version"]
    assert strip(place, number, known["version"], 0, 2) == strip(place, number, again["version"], 0, 2)
    place.series(key, b"x_{n}", [(step, drawing(6, step)) for step in (1, 2, 3)])
    assert strip(place, number, again["version"], 0, 3) == [], "other frames: none of them"
    for version in ("", "9.abc", "x", "-1.abc", "3." + "0" * 16):
        assert strip(place, number, version, 0, 3) == []
