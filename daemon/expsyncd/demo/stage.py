"""The demo's stage: a temporary folder with the built-in host, a training and the real daemon."""

from __future__ import annotations

import asyncio
import os
import shutil
import site
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expsyncd.config.load import load
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.demo.host import BuiltinHost
from expsyncd.demo.images import pillow
from expsyncd.demo.places import HOST, Places, hosts_yaml
from expsyncd.errors import Error, NotRunningError
from expsyncd.paths import PRIVATE_FOLDER
from expsyncd.process import Child
from expsyncd.tensorboard.ports import choose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from expsyncd.config.model import HostConfig

TENSORBOARD_PORT = 6006
READY_WITHIN_S = 30.0
POLL_S = 0.1
# The daemon ends hosts, TensorBoard and databases in order, each within its own deadline.
DAEMON_GRACE_S = 20.0
_TAIL_LINES = 15


class Stage:
    """What is running. The daemon's status is asked for as any CLI asks."""

    def __init__(self, places: Places, training: Child, daemon: Child) -> None:
        self.places = places
        self._training = training
        self._daemon = daemon
        self._stopped = False
        self.host: HostConfig = load(places.config_file).hosts[HOST]

    async def ready(self) -> dict[str, Any]:
        """Wait for the daemon to answer; its status. Raises Error with what it printed if it does not."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                while True:
                    try:
                        return await self.status()
                    except NotRunningError:
                        await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise Error(f"the daemon does not answer within {READY_WITHIN_S:g} s", self._printed()) from None

    async def status(self) -> dict[str, Any]:
        """The `status --json` value. Raises Error when the daemon or the training has ended."""
        running = {"daemon": self._daemon, **({} if self._stopped else {"training": self._training})}
        for name, child in running.items():
            if child.code is not None:
                raise Error(f"the {name} ended with status {child.code}", self._printed())
        answer = await asyncio.to_thread(client.ask, self.places.paths.control_socket, request("status"))
        status: dict[str, Any] = answer["status"]
        return status

    async def stop_training(self) -> None:
        """End it as a person would; its files are complete then."""
        self._stopped = True
        await self._training.stop()

    def _printed(self) -> str:
        lines = self.places.output.read_text(errors="replace").splitlines()
        return "\n  ".join(["it printed:", *lines[-_TAIL_LINES:]]) if lines else "it printed nothing"


def require_programs() -> None:
    """Raises Error with what to install when something the demo needs is missing."""
    for program, package in (("ssh", "openssh-client"), ("rsync", "rsync")):
        if shutil.which(program) is None:
            raise Error(f"the demo needs {program}", f"apt-get install {package}   (or dnf, brew)")
    pillow()


@asynccontextmanager
async def set_up(*, keep: bool = False, speed: float = 1.0) -> AsyncIterator[Stage]:
    """Start everything in a new folder; stop everything and remove it (unless `keep`) at the end."""
    require_programs()
    # Not TMPDIR: a control socket's path may have 90 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="exdemo-", dir="/tmp")).resolve()
    places = Places(folder)
    async with AsyncExitStack() as ending:
        if not keep:
            ending.callback(shutil.rmtree, folder, ignore_errors=True)
        for each in (places.laptop, places.gpu, places.paths.runtime_dir):
            each.mkdir(mode=PRIVATE_FOLDER, parents=True)
        port = choose(TENSORBOARD_PORT, last=None, before=None, wanted=frozenset()).port
        places.config_file.write_text(hosts_yaml(places.root.path, port))
        host = BuiltinHost(places.gpu, places.keys, alias=HOST)
        host.start()
        ending.push_async_callback(asyncio.to_thread, host.stop)
        yield await _start_children(places, host.options, speed, ending)


async def _start_children(
    places: Places, ssh_options: list[str], speed: float, ending: AsyncExitStack
) -> Stage:
    environment = places.environment(os.environ, user_base=site.getuserbase(), ssh_options=ssh_options)
    output = os.open(places.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        training = await Child.start(
            [sys.executable, "-m", "expsyncd.demo.training", str(places.gpu), f"--speed={speed:g}"],
            cwd=places.gpu,
            environment={**environment, "HOME": str(places.gpu)},
            stdout=output,
            stderr=output,
        )
        await ending.enter_async_context(training)
        daemon = await Child.start(
            [sys.executable, "-m", "expsyncd.cli.main", "run"],
            cwd=places.laptop,
            environment=environment,
            stdout=output,
            stderr=output,
            grace_s=DAEMON_GRACE_S,
        )
        await ending.enter_async_context(daemon)
    finally:
        os.close(output)
    return Stage(places, training, daemon)
