import asyncio
from types import SimpleNamespace
from typing import Any

from expsyncd.pull.listing import Item, Listing
from expsyncd.pull.rounds import OLD_AFTER, Rounds


def filled(folder, count, *, began_s=0.0, listed_s=0.0):
    rounds = Rounds(folder, 4)
    for number in range(count):
        rounds.rest.add(Item(b"%d.png" % number, 1, new=True, same_size=False))
    rounds.rest.keep(Listing(more=count), began_s, listed_s)
    return rounds


def pull(*, unfinished, left=0) -> Any:
    return SimpleNamespace(unfinished=unfinished, plan=SimpleNamespace(left=range(left)))


async def test_what_waits_comes_before_another_listing(tmp_path):
    now = asyncio.get_running_loop().time()
    rounds = filled(tmp_path, 9, began_s=now, listed_s=now + 60)
    for brought in (4, 4, 1):
        assert rounds.waiting
        assert len(rounds.rest.take(4).items) == brought
        assert rounds.ended(pull(unfinished=True), brought)
    assert not rounds.waiting
    assert rounds.most == 4


async def test_an_old_listing_is_made_anew(tmp_path):
    now = asyncio.get_running_loop().time()
    rounds = filled(tmp_path, 9, began_s=now - OLD_AFTER - 2, listed_s=now - OLD_AFTER - 1)
    assert rounds.ended(pull(unfinished=True), 4)
    assert rounds.rest.count == 0


async def test_what_stands_behind_files_that_are_left_out_is_listed(tmp_path):
    now = asyncio.get_running_loop().time()
    rounds = filled(tmp_path, 4, began_s=now, listed_s=now + 60)
    assert rounds.ended(pull(unfinished=True), 0)
    assert rounds.most == 4
    rounds.rest.take(4)
    assert rounds.ended(pull(unfinished=True), 0)
    assert rounds.most is None
    assert not rounds.ended(pull(unfinished=False, left=7), 0)
    assert rounds.most == 11
