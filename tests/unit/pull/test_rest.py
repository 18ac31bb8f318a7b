from expsyncd.pull.listing import Item, Listing
from expsyncd.pull.rest import Rest

ODD = b"a b/\xff\n|1 .png"


def item(path, size=1):
    return Item(path, size, new=True, same_size=False)


def test_files_come_back_as_they_were_metrics_first(tmp_path):
    rest = Rest(tmp_path)
    items = [
        item(b"1.png", 5),
        Item(ODD, 1 << 40, new=False, same_size=True),
        item(b"2.csv", 3),
        item(b"3.png"),
    ]
    for one in items:
        rest.add(one)
    said = Listing(
        items=[item(b"0.png")], entries=9, files=7, gone=[b"old"], more=4, more_bytes=(1 << 40) + 9
    )
    rest.keep(said, 1.0, 2.0)
    assert rest.count == 4
    first = rest.take(2)
    assert first.items == [items[2], items[0]]
    assert (first.more, first.more_bytes) == (2, (1 << 40) + 1)
    assert (first.entries, first.files, first.gone) == (9, 7, [b"old"])
    last = rest.take(2)
    assert last.items == [items[1], items[3]]
    assert (last.more, last.more_bytes, rest.count) == (0, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_more_than_is_read_at_once(tmp_path):
    rest = Rest(tmp_path)
    names = [b"%05d-%b.png" % (number, b"x" * 80) for number in range(5000)]
    for name in names:
        rest.add(item(name))
    rest.keep(Listing(more=5000), 0, 0)
    found = []
    while rest.count:
        found += [one.path for one in rest.take(700).items]
    assert found == names
    rest.clear()


def test_where_nothing_can_be_written_nothing_waits(tmp_path, caplog):
    rest = Rest(tmp_path / "away")
    rest.add(item(b"1.png"))
    rest.add(item(b"2.png"))
    assert rest.count == 0
    assert "each round lists all" in caplog.text
    (tmp_path / "away").mkdir()
    rest.clear()
    rest.add(item(b"1.png"))
    assert rest.count == 1
    rest.clear()
    assert rest.count == 0


def test_what_was_cut_off_is_listed_again(tmp_path, caplog):
    rest = Rest(tmp_path)
    rest.add(item(b"1.png"))
    rest._others._file.truncate(0)
    rest._others.count = 3
    rest.keep(Listing(more=3), 0, 0)
    assert rest.take(2).items == []
    assert rest.count == 0
    assert "all is listed again" in caplog.text
