from expsyncd.pull.listing import Item, Listing
from expsyncd.pull.plan import Here, Local, Rules, decide, plan

RULES = Rules(max_size=None, skip_patterns=("*.pt",), skip_over=100, named=False, max_entries=1000, room=None)
EVENTS = b"run/events.out.tfevents.1"


def item(path, size, *, new=False, same_size=False):
    return Item(path, size, new=new, same_size=same_size)


def test_order_is_events_then_metrics_then_small_before_large():
    listing = Listing(
        items=[
            item(b"big.npy", 20_000_000, new=True),
            item(b"a.png", 9, new=True),
            item(b"m.csv", 5, new=True),
            item(EVENTS, 50, new=True),
        ]
    )
    passes = decide(plan(listing, {}, RULES), set())
    assert [w.path for w in passes.metrics] == [EVENTS, b"m.csv"]
    assert [w.path for w in passes.small] == [b"a.png"]
    assert [w.path for w in passes.large] == [b"big.npy"]


def test_longer_append_only_file_is_asked_about_and_grows_when_the_same():
    planned = plan(Listing(items=[item(EVENTS, 80)]), {EVENTS: Here(Local.FILE, 50)}, RULES)
    assert [(g.here, g.size, g.question.length) for g in planned.asked] == [(50, 80, 50)]
    assert planned.bytes == 30
    assert decide(planned, {EVENTS}).grow == planned.asked


def test_longer_append_only_file_with_other_beginning_is_replaced_with_backup():
    planned = plan(Listing(items=[item(EVENTS, 80)]), {EVENTS: Here(Local.FILE, 50)}, RULES)
    passes = decide(planned, set())
    assert passes.grow == ()
    assert passes.metrics[0].replaces


def test_shrunk_append_only_file_is_replaced_without_asking():
    planned = plan(Listing(items=[item(b"a.log", 10)]), {b"a.log": Here(Local.FILE, 50)}, RULES)
    assert planned.asked == ()
    assert planned.wanted[0].replaces


def test_same_size_other_time_is_asked_about():
    planned = plan(
        Listing(items=[item(b"a.log", 50, same_size=True)]), {b"a.log": Here(Local.FILE, 50)}, RULES
    )
    assert planned.asked[0].question.length == 50


def test_folder_in_the_way_is_set_aside():
    planned = plan(Listing(items=[item(b"x", 3, new=True)]), {b"x": Here(Local.FOLDER)}, RULES)
    assert planned.aside == (b"x",)
    assert planned.wanted[0].path == b"x"


def test_guards_say_why():
    listing = Listing(
        items=[item(b"w/MODEL.PT", 101, new=True), item(b"w/small.pt", 100, new=True)], irregular=[b"pipe"]
    )
    planned = plan(listing, {}, RULES)
    assert [(left.path, left.missing) for left in planned.left] == [(b"pipe", False), (b"w/MODEL.PT", False)]
    assert "checkpoint over 100 B" in planned.left[1].reason
    assert [w.path for w in planned.wanted] == [b"w/small.pt"]


def test_named_checkpoints_come():
    rules = Rules(
        max_size=None, skip_patterns=("*.pt",), skip_over=100, named=True, max_entries=1000, room=None
    )
    assert plan(Listing(items=[item(b"m.pt", 999, new=True)]), {}, rules).left == ()


def test_max_size():
    rules = Rules(max_size=10, skip_patterns=(), skip_over=0, named=True, max_entries=1000, room=None)
    planned = plan(Listing(items=[item(b"m.csv", 11, new=True)]), {}, rules)
    assert "max_size" in planned.left[0].reason
    assert not planned.left[0].missing


def test_room_goes_to_metrics_first_and_what_does_not_fit_is_missing():
    rules = Rules(max_size=None, skip_patterns=(), skip_over=0, named=False, max_entries=1000, room=100)
    listing = Listing(items=[item(b"a.bin", 60, new=True), item(EVENTS, 70, new=True)])
    planned = plan(listing, {}, rules)
    assert [w.path for w in planned.wanted] == [EVENTS]
    assert [(left.path, left.missing) for left in planned.left] == [(b"a.bin", True)]


def test_what_is_replaced_needs_room_for_all_of_it_since_its_old_bytes_stay():
    rules = Rules(max_size=None, skip_patterns=(), skip_over=0, named=False, max_entries=1000, room=50)
    listing = Listing(items=[item(b"a.bin", 100, same_size=True), item(b"b.csv", 130), item(b"c.csv", 90)])
    here = {path: Here(Local.FILE, 100) for path in (b"a.bin", b"b.csv", b"c.csv")}
    planned = plan(listing, here, rules)
    assert [g.path for g in planned.asked] == [b"b.csv"]
    assert [left.path for left in planned.left] == [b"c.csv", b"a.bin"]


def test_too_many_entries():
    assert plan(Listing(entries=1001), {}, RULES).too_many


def test_busy_paths_are_left_to_their_pass():
    listing = Listing(items=[item(b"a.bin", 60, new=True), item(b"b.bin", 60, new=True)])
    assert [w.path for w in plan(listing, {}, RULES, busy={b"a.bin"}).wanted] == [b"b.bin"]
