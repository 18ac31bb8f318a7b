"""The tab in real Chromium, inside a real TensorBoard: what a person sees, does and is safe from."""

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from expsyncd.state.status import Connected, Fresh, SourceState
from support.browser import browsing
from support.chromium import PROGRAM
from support.tab_place import curve, drawing, furnished
from support.wait import throughout, until

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs chromium: apt-get install chromium"),
    pytest.mark.timeout(150),
]
ROWS = "document.querySelectorAll('.body .row').length"
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"


@pytest.fixture(scope="module")
def place():
    found = furnished()
    try:
        key = found.run(
            "gpu1",
            HOSTILE.encode(),
            name=f"gpu1/{HOSTILE}",
            step=5,
            state="finished",
            age_s=400_000,
            scalars={"<script>document.title='taken'</script>": curve(9, 2, 1)},
            settings={HOSTILE: HOSTILE},
        )
        found.facts.marks.change(
            [key], {"note": "<script>document.title='taken'</script>", "add_tags": ["<b>tag</b>"]}
        )
        found.daemon()
        found.start()
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory, place):
    with browsing(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def opened(browser, place):
    """Opens a view; at the end there was no error in the console, no exception, and nothing that a policy refused."""
    pages = []

    def open_(view, width=1280, height=800, **more):
        page = browser.page(f"{place.page}#{view}", width, height, **more)
        pages.append(page)
        page.tells("localStorage.clear()")
        page.go("about:blank")
        page.complaints.clear()
        page.go(f"{place.page}#{view}")
        page.sees("document.querySelector('.pulse').textContent !== 'loading'")
        return page

    yield open_
    for page in pages:
        assert page.complaints == []
        page.close()


def cells(page):
    """The table as one sees it: by run name, by column."""
    return {
        row["name"]: row
        for row in page.tells(
            "[...document.querySelectorAll('.body .row')].map(row => Object.fromEntries([...row.children].map(cell =>"
            " [cell.dataset.column, cell.dataset.column === 'name' ? cell.title : cell.textContent.trim()])))"
        )
    }


def cli(place, *words):
    done = subprocess.run(
        [sys.executable, "-m", "expsyncd.cli.main", *words], env=place.environment, capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    return json.loads(done.stdout)


def test_it_is_a_tab_of_tensorboard_and_follows_its_theme(browser, place):
    page = browser.page(f"http://127.0.0.1:{place.port}/?darkMode=true#experiments")
    page.sees(
        "[...document.querySelectorAll('[role=tab], .mat-mdc-tab')].some(one => one.textContent.trim() === 'Experiments')",
        40,
    )
    inside = "document.querySelector('plugins iframe, iframe').contentDocument"
    page.sees(f"{inside}.querySelectorAll('.body .row').length >= 6", 30)
    page.sees(
        f"document.body.classList.contains('dark-mode') && {inside}.documentElement.dataset.theme === 'dark'"
    )
    page.tells("document.body.classList.remove('dark-mode')")
    page.sees(f"{inside}.documentElement.dataset.theme === 'light'")
    page.tells("location.hash = 'timeseries'")
    page.sees("document.querySelector('plugins iframe, iframe').offsetHeight === 0")
    counts = []

    def silent():
        counts.append(sum("/experiments/" in url for url in page.asked))
        return len(counts) > 100 and counts[-1] == counts[-100]

    until(silent, 20, "no request while another of TensorBoard's tabs is in front")
    page.tells("location.hash = 'experiments'")
    until(lambda: sum("/experiments/" in url for url in page.asked) > counts[-1], 10, "it asks again")
    assert [one for one in page.complaints if "experiments" in one] == []
    page.close()


def test_runs_are_what_the_cli_says_cell_by_cell(opened, place):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    said = {run["name"]: run for run in cli(place, "runs", "--json")}
    shown = cells(page)
    assert shown.keys() == said.keys()
    for name, run in said.items():
        row = shown[name]
        assert row["state"] == run["state"]
        assert row["step"].replace("\u2009", "") == ("" if run["step"] is None else str(run["step"]))
        assert row["note"] == run["note"]
        for setting in ("lr", "batch_size", "seed", "model.width"):
            assert row[f"setting {setting}"] == run["settings"].get(setting, "")
        for tag in ("val/loss", "fid", "train/loss"):
            value = run["metrics"].get(tag)
            assert (row[f"tag {tag}"] == "") == (value is None)
            if value is not None:
                assert float(row[f"tag {tag}"]) == pytest.approx(value["last"]["value"], rel=1e-3)


def test_filters_sort_and_marks_by_keyboard(opened, place):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    page.press("/")
    page.types("lr=1e-3 -state:gone")
    page.sees(f"{ROWS} === 1")
    assert list(cells(page)) == ["gpu1/gan-lr1e-3"]
    page.press("Enter")
    page.sees("document.activeElement.matches('.row')")
    page.press("p")
    page.sees("!!document.querySelector('.body .row .pinned')")
    until(
        lambda: "pinned" in json.dumps([wish for wish in place.wishes if wish["do"] == "mark"]),
        5,
        "the wish arrives",
    )
    page.press("p", "n")
    page.sees("!!document.querySelector('dialog textarea')")
    page.types("from the keyboard")
    page.click("dialog button.first")
    page.sees("document.querySelector('.body .row').textContent.includes('from the keyboard')")
    page.press("Enter")
    page.sees("document.querySelector('aside.run h2').textContent === 'gpu1/gan-lr1e-3'")
    page.sees("document.querySelectorAll('aside.run .plot').length === 4")
    assert "python train.py --name gan-lr1e-3 \\ --lr 1e-3 --batch_size 64" in " ".join(
        page.texts("aside.run pre")
    )
    page.press("Escape")
    page.sees("!document.querySelector('aside.run') && document.activeElement.matches('.row')")
    page.press("/")
    page.press("Escape")
    page.sees(f"{ROWS} >= 6")
    page.click(".head [data-sort='tag fid']")
    page.sees("document.querySelector('.head [aria-sort=descending]').textContent.includes('fid')")
    page.sees(
        "[...document.querySelectorAll('.body .row')].sort((a, b) => a.dataset.number - b.dataset.number)[1].querySelector('[data-column=name]').title === 'gpu1/gan-lr3e-3'"
    )
    page.press("?")
    page.sees("document.querySelector('dialog h2').textContent === 'Keys and hints'")
    page.press("Escape", "4")
    page.sees("!!document.querySelector('.card')")


def test_hide_and_unhide(opened, place):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    page.press("/")
    page.types("name:lr1e-4")
    page.sees(f"{ROWS} === 1")
    page.press("Enter", "h")
    page.sees(f"{ROWS} === 0")
    page.sees("!!document.querySelector('[data-state=hidden]')")
    page.click("[data-state=hidden]")
    page.sees("!!document.querySelector('.body .hidden-run')")
    page.press("/", "Enter", "h")
    page.sees("!document.querySelector('.body .hidden-run')")
    assert page.texts("[data-state=hidden]") == []


def test_it_is_live_while_seen_and_silent_while_hidden(opened, place):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    page.tells("window.stays = true")
    place.run(
        "gpu1",
        b"gan-lr1e-3",
        step=54321,
        scalars={"val/loss": curve(121, 2.1, 0.11)},
        settings={"lr": "1e-3"},
    )
    page.sees("document.querySelector('.body').textContent.includes('54\\u2009321')", 15)
    assert page.tells("window.stays"), "without a reload"
    page.tells(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
    )
    time_of_last = []

    def settled():
        count = len(page.asked)
        time_of_last.append(count)
        return len(time_of_last) > 40 and time_of_last[-1] == time_of_last[-40]

    until(settled, 10, "no request any more")
    count = len(page.asked)
    throughout(lambda: len(page.asked) == count, 2.5, "silent")
    page.tells("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: len(page.asked) > count, 5, "it asks again")


def test_samples_under_one_scrubber(opened, place):
    page = opened("samples")
    page.sees("[...document.querySelectorAll('.tile .step')].filter(one => one.textContent).length === 6")
    steps = "Object.fromEntries([...document.querySelectorAll('.tile')].map(one => [one.title.split('\\n').slice(0, 2).join(' '), one.querySelector('.step').textContent]))"
    assert page.tells(steps)["gpu1/gan-lr1e-3 fake_{n}.png"] == "800"
    page.tells("document.querySelector('.transport input').focus()")
    page.press("Home")
    page.sees("[...document.querySelectorAll('.tile .step')].some(one => one.textContent === '50')")
    for _ in range(4):
        page.press(".")
    page.sees("document.querySelector('.transport output').textContent === 'step 250'")
    page.sees(
        f"{steps}['gpu1/gan-lr1e-3 recon_{{n}}.png'] === '250' && {steps}['gpu1/gan-lr1e-4 fake_{{n}}.png'] === '200'"
    )
    shown = page.tells(
        "(() => { const tile = [...document.querySelectorAll('.tile')].find(one => one.title.startsWith('gpu1/gan-lr3e-4'));"
        " const paper = tile.querySelector('canvas'); return [paper.width, paper.height, ...paper.getContext('2d').getImageData(64, 64, 1, 1).data.slice(0, 3)] })()"
    )
    expected = np.asarray(Image.open(BytesIO(drawing(1, 12))).convert("RGB"))[64, 64].tolist()
    assert shown[:2] == [128, 128]
    assert all(abs(a - b) < 30 for a, b in zip(shown[2:], expected, strict=True)), (shown, expected)
    page.press("Home", " ")
    page.sees("document.querySelector('.transport output').textContent === 'step 800'", 15)
    page.press(" ")
    page.sees("document.querySelector('.play').getAttribute('aria-label') === 'Play'")
    page.press("2")
    page.sees("document.activeElement.matches('.tile')")
    page.press("ArrowRight", "ArrowLeft", "Enter")
    page.sees("document.querySelector('dialog.frame img').naturalWidth > 0")
    page.press("ArrowLeft")
    page.sees("document.querySelector('dialog.frame .dim').textContent.includes(' of ')")
    page.press("Escape")
    page.sees("!document.querySelector('dialog') && document.activeElement.matches('.tile')")


def test_series_are_what_the_cli_says(opened, place):
    page = opened("samples")
    said = cli(place, "samples", "--json")["series"]
    page.sees(f"document.querySelectorAll('.tile').length === {len(said)}")
    expected = sorted(
        (f"{one['host']}/{one['run']}", one["series"], f"{one['frames']} frames") for one in said
    )
    shown = page.tells(
        "[...document.querySelectorAll('.tile')].map(one => one.title.split('\\n').slice(0, 3))"
    )
    assert sorted(map(tuple, shown)) == expected


def test_series_without_steps_go_along_by_their_order(opened, place):
    key = place.run("gpu1", b"stepless", state="finished", age_s=300_000)
    place.series(key, b"x_{n}", [(n, drawing(9, 2 * n)) for n in range(1, 6)], stepless=True)
    page = opened("samples")
    page.press("/")
    page.types("run:stepless")
    page.sees("document.querySelectorAll('.tile').length === 1")
    page.sees("document.querySelector('.transport output').textContent === 'frame 5'")
    page.sees("document.querySelector('.tile .step').textContent === 'step 5'")
    page.tells("document.querySelector('.transport input').focus()")
    page.press("Home", ".")
    page.sees("document.querySelector('.tile .step').textContent === 'step 2'")


def test_new_frames_come_by_themselves(opened, place):
    page = opened("samples")
    page.sees("document.querySelector('.transport output').textContent === 'step 800'")
    key = ("gpu1", "gan", b"gan-lr1e-3")
    place.series(key, b"fake_{n}", [(100 * step, drawing(0, 6 * step)) for step in range(1, 12)])
    page.sees("document.querySelector('.transport output').textContent === 'step 1\\u2009100'", 15)
    page.sees("[...document.querySelectorAll('.tile .step')].some(one => one.textContent === '1\\u2009100')")


def test_from_entry_to_run_to_samples(opened, place):
    page = opened("journal")
    page.sees("document.querySelectorAll('article.entry').length === 3")
    assert (
        page.texts("article.entry pre")[2] == "python train.py --name gan-lr1e-3 \\ --lr 1e-3 --batch_size 64"
    )
    assert [
        text for text in page.texts("article.entry .chip") if text in ("live", "commented", "symbolic")
    ] == ["live", "symbolic", "live", "commented"]
    assert "its name holds a variable that is not known" in page.texts("article.entry .links")[0]
    page.press("/")
    page.types("steadier")
    page.sees("document.querySelectorAll('article.entry').length === 1")
    page.press("Enter", "Enter")
    page.sees("document.querySelector('aside.run h2').textContent === 'gpu1/gan-lr3e-4'")
    page.sees("!!document.querySelector('aside.run [data-does=s]')")
    page.click("aside.run [data-does=s]")
    page.sees("document.querySelectorAll('.tile').length === 1")
    assert page.texts(".tile .dim") == ["gpu1/gan-lr3e-4"]


def test_entries_are_what_the_cli_says(opened, place):
    page = opened("journal")
    page.sees("document.querySelectorAll('article.entry').length === 3")
    said = sorted(cli(place, "journal", "--json"), key=lambda entry: entry["first_seen_at"], reverse=True)
    for number, entry in enumerate(said):
        here = f"article.entry[data-number='{number}']"
        assert page.tells(f'document.querySelector("{here} pre").textContent') == entry["command"]
        assert page.texts(f"{here} .chip")[0] == entry["state"]
        assert page.texts(f"{here} .notes") == ([" ".join(entry["notes"])] if entry["notes"] else [])
        states = [f"{run['run']} {run['state']}" for run in entry["runs"]]
        assert [text.strip() for text in page.texts(f"{here} .run-link")] == states


def test_hosts_are_what_status_says(opened, place):
    page = opened("hosts")
    page.sees("document.querySelectorAll('.card').length === 3")
    status = cli_status(place)
    for name, host in status["hosts"].items():
        card = f".card[data-key={name}]"
        assert page.texts(f"{card} header .chip") == [host["status"]]
        for source, state in host["sources"].items():
            row = page.texts(f"{card} tr[data-key={source}] > *")
            assert row[:2] == [source, state["status"]]
            assert row[8].partition(" ")[0] == state["following"]
            if state["last_pull"]:
                assert row[4] == str(state["last_pull"]["files"])
    assert "expsyncd login hpc" in page.texts(".command code")
    page.click(".more summary")
    page.sees("document.querySelector('.more[open]').textContent.includes('checkpoint over 50 MB')")
    assert page.texts(".tunnels a")[0] == "TensorBoard 6016"
    place.wishes.clear()
    page.click("[data-do=pull][data-host=gpu1]:not([data-source])")
    until(lambda: [(wish["do"], wish.get("source")) for wish in place.wishes] == [("pull", None)], 5, "pull")
    page.click("[data-do=pause][data-host=gpu1]")
    until(lambda: [wish["do"] for wish in place.wishes] == ["pull", "pause"], 5, "pause")
    now = datetime.now(UTC)
    before = place.snapshot
    hpc = replace(
        before.hosts["hpc"], status=Connected(), sources={"exp": SourceState("/scratch", Fresh(now))}
    )
    place.snapshot = replace(before, hosts={**before.hosts, "hpc": hpc})
    try:
        page.sees("document.querySelector('.card[data-key=hpc] header .chip').textContent === 'connected'")
        assert page.tells("!!document.querySelector('.more[open]')"), "what was unfolded stays so"
    finally:
        place.snapshot = before
    with place.daemon_away():
        page.sees("document.querySelector('.notice').textContent.includes('expsyncd is not running')")
        page.sees('!!document.querySelector(\'[data-key=":pulls"], [data-key=":away"]\')')
    page.sees("document.querySelectorAll('.card').length === 3")


def cli_status(place):
    from expsyncd.control import client
    from expsyncd.control.protocol import request

    return client.ask(place.paths.control_socket, request("status"))["status"]


def test_names_and_notes_are_text(opened, place):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    row = cells(page)[f"gpu1/{HOSTILE}"]
    assert row["note"] == "<script>document.title='taken'</script>"
    page.press("/")
    page.types("name:onerror")
    page.sees(f"{ROWS} === 1")
    page.press("Enter", "Enter")
    page.sees("document.querySelector('aside.run .said').textContent.includes('<script>')")
    page.sees("document.querySelectorAll('aside.run .metric').length === 1")
    assert page.texts("aside.run .pairs td") == [HOSTILE]
    for view in ("samples", "journal", "hosts"):
        page.tells(f"location.hash = '{view}'")
        page.sees(f"document.querySelector('main > section').dataset.view === '{view}'")
    assert page.tells("document.title") == "Experiments"
    assert page.tells("document.querySelectorAll('main img, main script, aside img').length") == 0


@contextmanager
def another_site(markup):
    """A page of another site: another port is another origin."""

    class Site(BaseHTTPRequestHandler):
        def log_message(self, *_):
            return

        def do_GET(self):
            body = markup.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as http:
        thread = threading.Thread(target=http.serve_forever, name="site")
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}/"
        finally:
            http.shutdown()
            thread.join()


def test_another_site_changes_nothing_reads_nothing_and_frames_nothing(browser, place):
    base = place.page.removesuffix("page.html")
    known = json.loads(
        subprocess.check_output(
            [
                sys.executable,
                "-c",
                f"import urllib.request; print(urllib.request.urlopen('{base}api/samples').read().decode())",
            ]
        )
    )
    series = known["series"][0]["id"]
    place.wishes.clear()
    markup = f"""<!doctype html><title>waiting</title><body>
      <form id=f action="{base}api/pause" method=post enctype=text/plain target=away><input name='{{"host":"gpu1","x":"' value='"}}'></form>
      <iframe name=away></iframe><iframe id=framed src="{place.page}"></iframe>
      <script type=module>
        const found = {{}};
        document.getElementById('f').submit();
        const body = JSON.stringify({{host: 'gpu1'}});
        for (const [name, options] of [
          ['plain', {{method: 'POST', mode: 'no-cors', body}}],
          ['json', {{method: 'POST', body, headers: {{'Content-Type': 'application/json'}}}}],
          ['read', {{}}], ['blind', {{mode: 'no-cors'}}],
        ]) {{
          try {{ const answer = await fetch('{base}api/' + (options.method ? 'pause' : 'token'), options); found[name] = answer.type + (await answer.text()); }}
          catch (error) {{ found[name] = 'refused'; }}
        }}
        const picture = new Image();
        found.picture = await new Promise(done => {{ picture.onload = () => done('shown'); picture.onerror = () => done('refused'); picture.src = '{base}animation?id={series}'; }});
        try {{ found.framed = document.getElementById('framed').contentDocument ? 'read' : 'closed'; }} catch {{ found.framed = 'closed'; }}
        window.found = found; document.title = 'done';
      </script>"""
    with another_site(markup) as url:
        page = browser.page(url)
        page.sees("document.title === 'done'", 20)
        found = page.tells("window.found")
        page.close()
    assert found == {
        "plain": "refused",
        "json": "refused",
        "read": "refused",
        "blind": "refused",
        "picture": "refused",
        "framed": "closed",
    }
    assert place.wishes == []


def test_only_what_is_in_view_is_in_the_page(opened, place):
    for n in range(300):
        place.run("many", f"run-{n:03d}".encode(), state="finished", age_s=10_000 + n, listed=False)
    page = opened("runs")
    page.sees("Number(document.querySelector('.count').textContent) >= 306", 20)
    assert page.tells(ROWS) < 50
    page.tells("document.activeElement.blur()")
    page.press("End")
    page.sees(
        "document.activeElement.querySelector('[data-column=name]').title.endsWith('onerror=\"document.title=\\'taken\\'\">')"
    )
    assert page.tells(ROWS) < 50


@pytest.mark.parametrize("view", ["runs", "samples", "journal", "hosts"])
def test_a_phone_shows_it_without_scrolling_sideways(opened, place, view):
    page = opened(view, 360, 740)
    page.sees("document.querySelectorAll('.body .row, .tile, article.entry, .card').length > 0")
    assert page.tells("document.documentElement.scrollWidth") == 360
    assert (
        page.tells(
            "[...document.querySelectorAll('.bar *, .tools *, .transport *')].filter(one => one.getBoundingClientRect().right > 361).map(one => one.outerHTML)"
        )
        == []
    )


def test_roles_and_names_for_who_cannot_see_it(opened):
    page = opened("runs")
    page.sees(f"{ROWS} >= 6")
    assert page.tells("document.querySelectorAll('[role=tab]').length") == 4
    assert page.tells("document.querySelector('[role=grid]').getAttribute('aria-rowcount') > 6")
    nameless = "[...document.querySelectorAll('button, input, select, a')].filter(one => one.checkVisibility() && !one.textContent.trim() && !one.ariaLabel && !one.labels?.length).map(one => one.outerHTML)"
    for view in ("runs", "samples", "journal", "hosts"):
        page.tells(f"location.hash = '{view}'")
        page.sees(f"document.querySelector('main > section').dataset.view === '{view}'")
        assert page.tells(nameless) == []
        assert page.tells("document.querySelectorAll('.body [tabindex=\"0\"]').length") in (0, 1)
