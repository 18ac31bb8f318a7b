from expsyncd.pull.census import ASK_AFTER, Census, nothing_left, taken
from expsyncd.pull.listing import Item, Listing


def listing(entries, *, new=(), folders=(), irregular=()):
    items = [Item(path, 1, new=True, same_size=False) for path in new]
    return Listing(items, list(folders), [], list(irregular), entries, entries)


def test_the_same_count_means_nothing_left():
    before = Census(10, frozenset(), ())
    assert nothing_left(before, listing(10))
    assert not nothing_left(before, listing(9))


def test_what_came_is_counted():
    before = Census(10, frozenset(), ())
    assert nothing_left(before, listing(13, new=[b"a", b"d/b"], folders=[b"d"]))
    assert not nothing_left(before, listing(12, new=[b"a", b"d/b"], folders=[b"d"]))


def test_what_is_never_pulled_was_counted_before():
    before = taken(listing(10, new=[b"big.pt"], irregular=[b"pipe"]), None, asked=True)
    assert before is not None
    assert nothing_left(before, listing(10, new=[b"big.pt"], irregular=[b"pipe"]))
    assert not nothing_left(before, listing(9, new=[b"big.pt"]))


def test_now_and_then_the_whole_question_is_asked():
    census = Census(10, frozenset(), (b"gone",))
    for _ in range(ASK_AFTER):
        assert nothing_left(census, listing(10))
        following = taken(listing(10), census, asked=False)
        assert following is not None
        census = following
    assert not nothing_left(census, listing(10))
    fresh = taken(listing(10), census, asked=True)
    assert fresh is not None
    assert fresh.age == 0


def test_without_a_count_it_is_always_asked():
    assert taken(Listing(), None, asked=True) is None
    assert not nothing_left(Census(0, frozenset(), ()), Listing())
