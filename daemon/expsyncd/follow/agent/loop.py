"""The agent: watches sources, tells our end what grew, ends with the connection. On the host: Python 3.6."""

import os
import select
import signal
import sys
import time
from collections import deque
from typing import Any, Deque, Dict, Iterator, Optional, Tuple

from expsyncd.follow.agent import inotify
from expsyncd.follow.agent.changes import Changes
from expsyncd.follow.agent.growth import Growth
from expsyncd.follow.agent.rules import Rules
from expsyncd.follow.agent.stream import MAGIC, Gone, Lines, Outbox, name_of, text
from expsyncd.follow.agent.tree import Tree, Watches

# Without a word from our end for so long the connection is taken for dead; each ping says it anew.
PATIENCE_S = 30.0
# Beyond that it is stuck in a call to a disk that does not answer (a hung NFS): the kernel's alarm ends it,
# lest agents gather on the host.
STUCK_S = 10.0
SLICE_S = 0.01  # of work at a time
# After work the agent rests for a multiple of it: never more than a quarter of a core for changes, half of
# one while a source is taken in. What happens meanwhile is coalesced.
REST_SHORTEST_S = 0.002
REST_LONGEST_S = 0.1
REST_SHARE = 3.0
MISSING_EVERY_S = 3.0
CHECKS_EVERY_S = 1.0
ANEW_EVERY_S = 5.0
MOST_CHANGES = 20000  # more at once are one pull


class Agent:
    """`run` until the other end is gone."""

    def __init__(self, fd_in: int, fd_out: int, notify: Optional[inotify.Inotify], reason: str) -> None:
        self._lines = Lines(fd_in)
        self._out = Outbox(fd_out)
        self._fds = (fd_in, fd_out)
        self._watches = Watches(notify, reason)
        self._growth = Growth(self._out)
        self._trees: Dict[int, Tree] = {}
        self._told: Dict[int, Tuple[Any, ...]] = {}
        self._changes = Changes()
        self._jobs: Deque[Iterator[None]] = deque()
        self._starting: Dict[Tree, Iterator[None]] = {}
        self._anew: Dict[Tree, float] = {}  # when to take one in anew, because events were lost
        self._deadline = 0.0
        self._rest_until = 0.0

    def run(self) -> None:
        """Serve; returns when the connection is gone."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self._heard(PATIENCE_S)
        self._out.raw(MAGIC)
        self._out.put({"t": "hello", "pid": os.getpid(), "python": sys.version.split()[0]})
        try:
            while True:
                self._out.flush()
                self._wait()
        except Gone:
            return

    # --- the loop -----------------------------------------------------------------------------------

    def _wait(self) -> None:
        fd_in, fd_out = self._fds
        now = time.monotonic()
        if now > self._deadline:
            raise Gone
        rests = now < self._rest_until
        poll = select.poll()
        poll.register(fd_in, select.POLLIN)
        if self._out.size:
            poll.register(fd_out, select.POLLOUT)
        notify = self._watches.notify
        if notify is not None and not rests:
            poll.register(notify.fd, select.POLLIN)
        timeout_s = self._rest_until - now if rests else self._idle_s(now)
        ready = dict(poll.poll(max(0.0, timeout_s) * 1000))
        if fd_in in ready:
            self._listen()
            # A question alone was answered with all that there is to tell: no work, and no rest after it.
            rests = rests or (len(ready) == 1 and self._idle_s(time.monotonic()) > 0)
        if rests:
            return
        began = time.monotonic()
        self._work()
        took_s = time.monotonic() - began
        share = 1.0 if self._starting else REST_SHARE
        self._rest_until = began + took_s + min(REST_LONGEST_S, max(REST_SHORTEST_S, share * took_s))

    def _idle_s(self, now: float) -> float:
        """How long nothing has to be done, if nothing happens."""
        if self._jobs or self._starting or (self._changes.ready() and not self._out.full()):
            return 0.0
        due = min(self._deadline, self._changes.due)
        for tree in self._trees.values():
            if tree.mode == "rescanning":
                due = min(due, tree.hot_due, tree.cold_due)
            elif tree.mode == "missing":
                due = min(due, tree.hot_due)
        due = min([due] + list(self._anew.values()))
        if self._growth.unchecked:
            due = min(due, now + CHECKS_EVERY_S)
        return due - now

    def _work(self) -> None:
        self._read_events()
        now = time.monotonic()
        self._changes.ripen(now)
        self._send(now + SLICE_S)
        for key in self._growth.due_checks(now):
            self._jobs.append(self._growth.check(key))
        for tree in self._trees.values():
            self._look_after(tree, now)
        self._do_jobs(time.monotonic() + SLICE_S)
        self._tell_states()

    def _send(self, until: float) -> None:
        while not self._out.full() and time.monotonic() < until:
            found = self._changes.next()
            if found is None:
                return
            key, live = found
            now = time.monotonic()
            wait_s = self._growth.wait_s(key[0], now)
            if wait_s > 0:
                self._changes.wait(key, now, now + wait_s)
            elif self._growth.send(key, live):
                self._changes.add(key, live)

    def _do_jobs(self, until: float) -> None:
        while time.monotonic() < until and (self._starting or (self._jobs and not self._out.full())):
            if self._starting:
                tree, job = next(iter(self._starting.items()))
            else:
                tree, job = None, self._jobs[0]
            try:
                next(job)
            except StopIteration:
                if tree is None:
                    self._jobs.popleft()
                elif tree.limited:
                    self._starting[tree] = tree.start()
                else:
                    del self._starting[tree]
                    tree.started_at = time.monotonic()

    def _look_after(self, tree: Tree, now: float) -> None:
        if tree in self._starting:
            return
        if now >= self._anew.get(tree, now + 1):
            del self._anew[tree]
            self._start(tree)
            return
        if tree.limited or (tree.mode == "missing" and now >= tree.hot_due):
            self._start(tree)
        elif tree.mode == "rescanning" and now >= min(tree.hot_due, tree.cold_due):
            cold = now >= tree.cold_due
            tree.hot_due = float("inf")  # until it has been done
            if cold:
                tree.cold_due = float("inf")
            self._jobs.append(tree.look_again(cold))

    # --- what happened ------------------------------------------------------------------------------

    def _read_events(self) -> None:
        notify = self._watches.notify
        if notify is None:
            return
        for number, mask, name in notify.events():
            if mask & inotify.OVERFLOW:
                # A flood drops events again and again: all is taken in to its end, then not at once again.
                for tree in self._trees.values():
                    self._anew.setdefault(tree, tree.started_at + ANEW_EVERY_S)
            elif mask & inotify.IGNORED:
                for tree, inside in self._watches.gone(number):
                    if tree.folders.get(inside) == number:
                        tree.folders[inside] = 0
                        tree.forget(inside)
            else:
                for tree, inside in self._watches.places(number):
                    self._event(tree, inside, mask, name)

    def _event(self, tree: Tree, inside: bytes, mask: int, name: bytes) -> None:
        if not name:
            if not inside and mask & (inotify.DELETE_SELF | inotify.MOVE_SELF) and not tree.there():
                self._start(tree)
            return
        path = inside + b"/" + name if inside else name
        if mask & inotify.ISDIR:
            if mask & inotify.MOVED_FROM:
                tree.left(path)
                self._left(tree, path)
            elif mask & (inotify.CREATE | inotify.MOVED_TO) and tree.rules.takes(path, True):
                self._jobs.append(tree.walk(path, fresh=True))
        elif not tree.rules.takes(path, False):
            pass
        elif mask & (inotify.MOVED_FROM | inotify.DELETE):
            self._growth.left((tree, path))
            self._left(tree, path)
        else:
            closed = bool(mask & (inotify.CLOSE_WRITE | inotify.MOVED_TO))
            self._changed(tree, path, closed, live=bool(mask & inotify.MODIFY))

    def _left(self, tree: Tree, path: bytes) -> None:
        # Nothing is lost by it, so when there is much to tell it need not be told: whole pulls see it, too.
        if not self._out.full():
            self._out.put({"t": "gone", "s": tree.number, "p": text(path)})

    def _changed(self, tree: Tree, path: bytes, closed: bool, live: bool = False) -> None:
        key = (tree, path)
        if len(self._changes) >= MOST_CHANGES:
            self._too_many()
        if tree.rules.grows(path):
            if closed:
                self._growth.closed(key)
        elif not closed:
            self._changes.rest(key, time.monotonic())
            return
        self._changes.add(key, live)

    def _too_many(self) -> None:
        for tree in self._changes.drop_all():
            why = "more changes at once than can be told one by one"
            self._out.put({"t": "pull", "s": tree.number, "why": why})

    # --- what our end says --------------------------------------------------------------------------

    def _listen(self) -> None:
        for words in self._lines.read():
            kind = words.get("t")
            if kind == "ping":
                self._pong(words)
            elif kind == "add":
                self._add(words)
            elif kind in ("from", "no"):
                tree = self._trees.get(words["s"])
                if tree is not None:
                    key = (tree, name_of(words["p"]))
                    if kind == "no":
                        self._growth.refuse(key, int(words["z"]))
                    else:
                        self._growth.resume(key, int(words["z"]))
                        self._changes.add(key)

    def _add(self, words: Dict[str, Any]) -> None:
        old = self._trees.get(words["s"])
        if old is not None:
            self._starting.pop(old, None)
            self._anew.pop(old, None)
            self._growth.forget(old)
            old.left(b"")
            self._told.pop(old.number, None)
        rules = Rules(words["rules"], words["mark"], words["suffixes"])
        every_s, rate = float(words["every"]), float(words["rate"])
        tree = Tree(words["s"], words["path"], rules, every_s, rate, self._watches, self._changed)
        self._trees[tree.number] = tree
        self._start(tree)

    def _heard(self, within_s: float) -> None:
        self._deadline = time.monotonic() + within_s
        signal.alarm(int(within_s + STUCK_S))

    def _pong(self, words: Dict[str, Any]) -> None:
        self._heard(float(words["within"]))
        # All that happened before the question is told before the answer.
        self._read_events()
        self._send(time.monotonic() + SLICE_S)
        for tree in self._trees.values():
            if tree.mode in ("following", "rescanning") and not tree.there():
                self._start(tree)
        waits = len(self._changes) or self._jobs or self._starting or self._anew or self._watches.unread()
        self._tell_states(count=True)
        self._out.put({"t": "pong", "n": words["n"], "quiet": not waits, "at": time.time()})

    def _start(self, tree: Tree) -> None:
        self._growth.forget(tree)
        tree.hot_due = time.monotonic() + MISSING_EVERY_S  # if it is missing
        self._starting[tree] = tree.start()

    def _tell_states(self, count: bool = False) -> None:
        for number, tree in self._trees.items():
            begins = tree in self._starting or tree in self._anew
            mode = "starting" if begins and tree.mode != "missing" else tree.mode
            before = self._told.get(number, ("", 0, "", 0))
            if not count and before[:3] == (mode, tree.starts, tree.reason):
                continue
            told = (mode, tree.starts, tree.reason, tree.watched())
            rescans = mode == "rescanning"
            if told != before or (rescans and count):
                self._told[number] = told
                age_s = time.monotonic() - tree.looked_at if rescans else 0.0
                words = {"t": "state", "s": number, "mode": mode, "n": told[1], "reason": told[2]}
                words.update(watches=told[3], age=round(age_s, 1))
                self._out.put(words)
