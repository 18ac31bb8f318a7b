"""The tab over the demo in real Chromium: a real daemon, a real run that goes on, nothing prepared."""

import asyncio

import pytest

from expsyncd.demo.stage import set_up
from support.browser import browsing
from support.chromium import PROGRAM
from support.place import http_json
from support.wait import eventually, until

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="needs chromium: apt-get install chromium"),
    pytest.mark.slow,
    pytest.mark.timeout(150),
]
STEP = (
    "Number((document.querySelector('.body .row [data-column=step]')?.textContent ?? '').replace(/\\D/g, ''))"
)
SAMPLE = "Number(document.querySelector('.transport output').textContent.replace(/\\D/g, ''))"


async def test_each_view_shows_the_demo_as_it_goes_on(tmp_path):
    async with set_up(speed=3) as stage:
        await stage.ready()

        async def serving():
            board = (await stage.status())["tensorboard"]
            return board["status"] == "serving" and board["runs"] == 3

        await eventually(serving, 60, "TensorBoard shows the demo's runs")
        url = (await stage.status())["tensorboard"]["url"]
        await asyncio.to_thread(looked_at, f"{url}/data/plugin/experiments/page.html", tmp_path)


def looked_at(address, profile):
    with browsing(profile) as browser:
        page = browser.page(address)
        page.sees("document.querySelectorAll('.body .row').length >= 3", 40)
        page.tells("window.stays = true")
        grows(page, STEP)
        page.sees("document.querySelectorAll('.body .row .spark').length >= 3", 20)
        page.press("2")
        page.sees(
            "[...document.querySelectorAll('.tile .step')].filter(one => one.textContent).length >= 3", 40
        )
        grows(page, SAMPLE)
        page.press("Home")
        page.sees(
            "[...document.querySelectorAll('.tile .step')].some(one => one.textContent === '0' || one.textContent === '1')"
        )
        page.press("3")
        page.sees("document.querySelectorAll('article.entry').length > 3", 40)
        page.sees("document.querySelectorAll('article.entry .run-link').length >= 1", 40)
        page.press("4")
        page.sees("document.querySelector('.card header .chip').textContent === 'connected'")
        page.sees(
            "[...document.querySelectorAll('.sources tbody .chip')].every(one => ['fresh', 'pulling'].includes(one.textContent))",
            30,
        )
        page.click("[data-do=pause]")
        page.sees("document.querySelector('.card header .chip').textContent === 'paused'")
        page.click("[data-do=resume]")
        page.sees("document.querySelector('.card header .chip').textContent === 'connected'", 20)
        page.press("1")
        page.sees("document.querySelectorAll('.body .row').length >= 3")
        page.press("ArrowDown", "p")
        page.sees("document.querySelectorAll('.body .pinned').length === 1")
        hidden_in_tensorboard(page, address)
        assert page.tells("window.stays"), "without a reload"
        assert page.complaints == []


def grows(page, figure):
    first = page.tells(figure)
    until(lambda: page.tells(figure) > first, 30, f"{figure} grows from {first}")


def hidden_in_tensorboard(page, address):
    """What is hidden from here leaves TensorBoard at once, and comes back."""

    def shown():
        return set(http_json(address.replace("/data/plugin/experiments/page.html", "/data/runs")))

    before = shown()
    page.press("/")
    page.types("lr1e-4")
    page.sees("document.querySelectorAll('.body .row').length === 1")
    name = page.tells("document.querySelector('.body [data-column=name]').title")
    page.press("Enter", "h")
    until(lambda: shown() == before - {name}, 5, f"{name} is hidden")
    page.sees("document.querySelector('[data-state=hidden]') !== null")
    page.click("[data-state=hidden]")
    page.sees("document.querySelectorAll('.body .hidden-run').length === 1")
    page.press("/", "Enter", "h")
    until(lambda: shown() == before, 5, f"{name} is back")
