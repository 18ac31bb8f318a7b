"""Everything between the mirror and TensorBoard: the watch, the view, the catalogue's runs, the process."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from expsyncd.journal.service import Journal
from expsyncd.journal_folders import journal_folders
from expsyncd.marking import Event, known_runs, marked
from expsyncd.mirror.layout import where
from expsyncd.mirror.watch import MirrorWatch
from expsyncd.pull.kinds import is_event_file
from expsyncd.runs.reader import Reader
from expsyncd.runs.service import Runs
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.renderer import Renderer
from expsyncd.samples.rules import Rules
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.measured import MeasuredRow, measured_of
from expsyncd.tensorboard.answers import Answers
from expsyncd.tensorboard.keeper import Calls, Keeper
from expsyncd.tensorboard.mender import Mender
from expsyncd.tensorboard.names import names_beside, view_names
from expsyncd.tensorboard.selection import Selection, select
from expsyncd.tensorboard.shelf import Shelf
from expsyncd.tensorboard.view import View, ViewChange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config
    from expsyncd.mirror.batch import Batch
    from expsyncd.mirror.root import Root
    from expsyncd.mirror.scan import RunFolder
    from expsyncd.paths import Paths
    from expsyncd.runs.find import RunSeen
    from expsyncd.state.facts import Facts
    from expsyncd.state.marks import Mark
    from expsyncd.state.measured import MeasuredRow, RunKey
    from expsyncd.state.status import Trouble
    from expsyncd.state.tensorboard import DamagedFile
    from expsyncd.state.thread import DatabaseThread
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)


class Board:
    """Owns the services that show the mirror."""

    def __init__(
        self,
        paths: Paths,
        root: Root,
        config: Config,
        tracker: Tracker,
        thread: DatabaseThread,
        facts: Facts,
        clock: Clock,
        check: Callable[[Path], None],
    ) -> None:
        self._paths = paths
        self._thread = thread
        self._facts = facts
        self._clock = clock
        self._marks: dict[RunKey, Mark] = {}
        self._found: Sequence[RunFolder] = ()
        self._shown = 0
        self._fewer: int | None = None  # runs, when what the rule shows took too much memory
        self._config = config
        self._tracker = tracker
        self._base_notices = tracker.snapshot.notices
        self._catalogue: Catalogue | None = None
        self._watch = MirrorWatch(root.paths.mirror, self._batch, on_trouble=self._watch_trouble)
        self.shelf = Shelf(
            root.paths, View(root.paths), clock, self._runs, lambda: root.check() is None, self._select
        )
        self._renderer = Renderer(
            root.paths,
            Rules(config),
            Darkroom(paths.frames_dir, config.samples.cache),
            tracker,
            thread,
            self._opened_catalogue,
            clock,
            lambda: root.check() is None,
        )
        self._measurer = Runs(
            root.paths,
            Reader(root.paths.mirror),
            tracker,
            thread,
            self._opened_catalogue,
            facts,
            clock,
            lambda: root.check() is None,
            names_of,
            config.runs.stalled_after,
        )
        self._mender = Mender(
            root.paths.tb_log, self.shelf.hold, self.shelf.release, check, self._put_damaged
        )
        self._root_paths = root.paths
        self._answers = Answers(root.paths, tracker, clock, self._name_in_view)
        self._journal = Journal(
            root.paths,
            lambda: journal_folders(self._config, root.paths.mirror),
            thread,
            self._opened_catalogue,
            facts,
            clock,
            lambda: root.check() is None,
        )
        self._keeper = Keeper(
            config.tensorboard,
            logdir=root.paths.tb_log,
            record=paths.tensorboard_record,
            log=paths.tensorboard_log,
            secret_file=paths.tensorboard_secret,
            tracker=tracker,
            wanted_ports=lambda: wanted_ports(self._config),
            clock=clock,
            calls=Calls(
                starts=self._mender.starts_anew,
                gave_up=self._mender.gave_up,
                too_big=self._show_fewer,
            ),
        )

    def _name_in_view(self, path: bytes) -> str | None:
        """What TensorBoard calls the run of an event file."""
        place = where(self._root_paths, path)
        if place is None:
            return None
        key = (place.host, place.source, place.inside.rpartition(b"/")[0])
        return view_names(self._found).get(key)

    def services(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What runs for ever, by name."""
        return {
            "mirror watch": self._watch.run,
            "TensorBoard's view": self._run_shelf,
            "TensorBoard": self._run_keeper,
            "event files": self._mender.run,
            "samples": self._renderer.run,
            "runs": self._measurer.run,
            "TensorBoard's answers": self._answers.run,
            "journal": self._journal.run,
        }

    def apply(self, config: Config) -> None:
        """Use a new config's TensorBoard section."""
        self._config = config
        self._fewer = None
        self._keeper.put_notice("memory", None)
        self._keeper.apply(config.tensorboard)
        self.shelf.request()

    def _put_damaged(self, damaged: tuple[DamagedFile, ...]) -> None:
        self._keeper.put_damaged(damaged)

    def _show_fewer(self) -> None:
        """TensorBoard with what it shows is over its memory: half of it, rather than restart for ever."""
        self._fewer = max(1, self._shown // 2)
        self._keeper.put_notice(
            "memory",
            f"what TensorBoard showed took more than its memory_limit: now the newest {self._fewer} runs; "
            "raise `tensorboard: memory_limit:`, or choose by `tensorboard: show:`",
        )
        self.shelf.request()

    async def mark(self, request: Event) -> Event:
        """What the person says of runs, see `marking.marked`; TensorBoard's view follows at once."""
        await self.shelf.laid()
        answer, differ = await self._thread.run(self._put_marks, request, self._found)
        if differ and not request.get("dry_run"):
            self._marks.update(differ)
            self.shelf.request()
        return answer

    def _put_marks(self, request: Event, found: Sequence[RunFolder]) -> tuple[Event, dict[RunKey, Mark]]:
        measured: list[MeasuredRow] = self._opened_catalogue().read(measured_of, [])
        return marked(request, known_runs(found, measured), self._facts, self._clock.now().timestamp())

    def _select(
        self, runs: Sequence[RunFolder], names: Mapping[RunKey, str], before: AbstractSet[RunKey]
    ) -> Selection:
        rule, now = self._config.tensorboard.show, self._clock.now().timestamp()
        if self._fewer is not None:
            rule = rule.model_copy(update={"newest": min(rule.newest, self._fewer)})
        return select(runs, names, self._marks, rule, now=now, before=before)

    def apply_samples(self, config: Config) -> None:
        """Use what a new config says of sample images."""
        self._renderer.apply(Rules(config))

    def apply_runs(self, config: Config) -> None:
        """Use what a new config says of runs."""
        self._measurer.apply(config.runs.stalled_after)

    def apply_journal(self, config: Config) -> None:
        """Use a new config's launch scripts."""
        self._config = config
        self._journal.request()

    async def link(self, request: Event) -> Event:
        """Which runs an entry of the journal belongs to, said by the person; see `Journal.say`."""
        return await self._journal.say(request)

    def _watch_trouble(self, trouble: Trouble | None) -> None:
        notices = (f"{trouble.title}: {trouble.advice}",) if trouble else ()
        self._tracker.put_notices((*self._base_notices, *notices))

    async def _run_shelf(self) -> None:
        self._marks = await self._thread.run(self._facts.marks.known)
        self.shelf.request()
        await self.shelf.run()

    async def _run_keeper(self) -> None:
        await self.shelf.laid()
        await self._keeper.run()

    async def _batch(self, batch: Batch) -> None:
        mattering = [path for path in batch.paths if _matters(path)]
        if batch.everything or not all(self.shelf.grew(path) for path in mattering):
            self.shelf.request_soon()
        elif mattering:
            self.shelf.request_seldom()
        self._renderer.batch(batch)
        self._measurer.batch(batch)
        self._answers.changed(batch.paths)
        self._journal.batch(batch)

    async def _runs(self, runs: Sequence[RunFolder], change: ViewChange, selection: Selection) -> None:
        self._found = runs
        self._shown = change.runs
        self._mender.laid(change.removed)
        self._keeper.put_runs(change.runs, len(selection.hidden), len(selection.folded))
        await self._thread.run(self._put_runs, runs)

    def _put_runs(self, runs: Sequence[RunFolder]) -> None:
        self._opened_catalogue().put_runs(runs)

    def measured(self) -> list[MeasuredRow]:
        """What is known of runs; in the database thread."""
        return self._opened_catalogue().read(measured_of, [])

    def _opened_catalogue(self) -> Catalogue:
        """In the database thread."""
        if self._catalogue is None:
            self._catalogue = Catalogue.open(self._paths.catalogue_db)
        return self._catalogue


def names_of(runs: Iterable[RunSeen]) -> Mapping[RunKey, str]:
    """What runs are called: those with event files as TensorBoard calls them, the others by the same rule."""
    runs = list(runs)
    shown = view_names(run for run in runs if run.shown)
    return {**shown, **names_beside(shown, runs)}


def _matters(path: bytes) -> bool:
    # A folder stands for all below it; most names have no mark, so one look tells.
    return is_event_file(path) or os.path.isdir(path)


def wanted_ports(config: Config) -> set[int]:
    """Local ports of configured forwards, which TensorBoard must not take."""
    ports = set()
    for host in config.hosts.values():
        for forward in host.forwards:
            ports.add(int(forward.local.rpartition(":")[2]))
    return ports
