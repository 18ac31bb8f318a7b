from datetime import timedelta

from expsyncd.clock import SystemClock
from expsyncd.follow.followed import Followed
from expsyncd.follow.frames import Mode
from expsyncd.pull.rhythm import Rhythm
from expsyncd.pull.source import Source


class Keeper:
    def __init__(self):
        self.source = Source("gpu", "logs", "/logs")
        self.rhythm = Rhythm(SystemClock(), timedelta(minutes=15))
        self.told = []

    def request(self):
        return 1

    def request_paths(self, paths):
        pass

    def left(self, path):
        pass

    def followed(self, follow):
        self.told.append(follow)

    def confirm(self, as_of):
        pass


def test_what_has_not_changed_is_not_told_again():
    keeper = Keeper()
    followed = Followed(keeper, SystemClock(), 60.0)
    mode = Mode(1, "following", 1, 10, "")
    followed.become(mode)
    for _ in range(3):
        followed.show()
    assert [f.healthy for f in keeper.told] == [False]
    keeper.rhythm.ended(SystemClock().now(), complete=True)
    followed.show()
    assert [f.healthy for f in keeper.told] == [False, True]
    followed.arrivals.add(0.5)
    followed.show()
    followed.arrivals.add(0.5)
    followed.show()
    assert [f.arrival.count for f in keeper.told[2:]] == [1, 2]
    followed.off("not connected")
    assert (keeper.told[-1].mode, keeper.told[-1].healthy) == ("off", False)
