import asyncio
from contextlib import asynccontextmanager

import pytest

from expsyncd.network import Network, ways_out
from support.wait import eventually

ROUTE = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe80 00000400 {} {} 00000003     {}\n"
ADDRESS = "fd000000000000000000000000000002 04 40 00 {}     {}\n"


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "fib_trie").write_text("Local:\n /32 host LOCAL\n")
    (tmp_path / "route").write_text("eth0 default\n")
    (tmp_path / "ipv6_route").write_text(ROUTE.format("00000003", "00000000", "eth0"))
    (tmp_path / "if_inet6").write_text(ADDRESS.format("80", "eth0"))
    return tmp_path


def look(proc, *links):
    return ways_out(proc, lambda: list(links))


def test_counters_and_flags_are_no_change(proc):
    before = look(proc, "eth0")
    (proc / "ipv6_route").write_text(ROUTE.format("00000009", "00000700", "eth0"))
    (proc / "if_inet6").write_text(ADDRESS.format("82", "eth0"))
    assert look(proc, "eth0") == before


def test_containers_are_no_change(proc):
    before = look(proc)
    (proc / "if_inet6").write_text(ADDRESS.format("80", "eth0") + ADDRESS.format("80", "veth1a2b"))
    assert look(proc) == before


@pytest.mark.parametrize("name", ["fib_trie", "route", "ipv6_route", "if_inet6"])
def test_another_address_or_route_is_a_change(proc, name):
    before = look(proc, "eth0")
    text = (proc / name).read_text()
    (proc / name).write_text(text + text.replace("eth0", "tun0") + "1.2.3.4 of eth0\n")
    assert look(proc, "eth0") != before


def test_a_pulled_cable_is_a_change_and_a_kernel_without_these_files_no_error(proc, tmp_path):
    assert look(proc, "eth0") != look(proc)
    assert look(tmp_path / "nothing") == look(tmp_path / "nothing")


@asynccontextmanager
async def settling(views):
    """A Network that sees `views[0]`; what it called is in the list."""
    changes = []
    network = Network(
        lambda: changes.append(views[0]), look=lambda: views[0], quiet_s=0.01, not_again_within_s=0.01
    )
    task = asyncio.get_running_loop().create_task(network.settle())
    await eventually(lambda: network._before, 5)
    try:
        yield network, changes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_burst_is_one_change():
    views = ["wifi"]
    async with settling(views) as (network, changes):
        views[0] = "cable"
        for _ in range(50):
            network.note()
        await eventually(lambda: changes == ["cable"], 5)
        views[0] = "wifi"
        network.note()
        await eventually(lambda: changes == ["cable", "wifi"], 5)


async def test_events_without_a_change_mean_nothing():
    views = ["wifi"]
    async with settling(views) as (network, changes):
        network.note()
        await eventually(lambda: not network._burst.is_set(), 5)
        views[0] = "cable"
        network.note()
        await eventually(lambda: changes, 5)
        assert changes == ["cable"]
