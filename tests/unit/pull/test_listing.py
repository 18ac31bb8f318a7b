from expsyncd.pull.listing import Item, Listing, add_line, escapes_above, read, unescape

# Recorded from rsync 3.5.0, `-n -r -O --delete --stats --no-h --out-format=%i|%l|%n`, LC_ALL=C.
RECORDED = rb"""skipping non-regular file "fifo"
*deleting  |0|sub/a
.d..t......|4096|./
>f.st......|11|log.txt
>f+++++++++|2|sub
>f..t......|7|same size
cd+++++++++|4096|was/
>f+++++++++|2|new\#012line\#134#141 \#377

Number of files: 1,204 (reg: 1,190, dir: 13, special: 1)
Number of created files: 3 (reg: 2, dir: 1)
"""


def test_recorded_listing():
    listing = read(RECORDED.split(b"\n"))
    assert listing.items == [
        Item(b"log.txt", 11, new=False, same_size=False),
        Item(b"sub", 2, new=True, same_size=True),
        Item(b"same size", 7, new=False, same_size=True),
        Item(b"new\nline\\#141 \xff", 2, new=True, same_size=True),
    ]
    assert listing.gone == [b"sub/a"]
    assert listing.folders == [b"was"]
    assert listing.irregular == [b"fifo"]
    assert (listing.entries, listing.files) == (1204, 1190)


def test_folder_without_files_counts_none():
    assert read([b"Number of files: 1 (dir: 1)"]).files == 0


def test_unescape_is_exact_for_a_name_that_looks_escaped():
    assert unescape(rb"a\#134#101") == rb"a\#101"


def test_names_that_leave_the_source_are_dropped():
    listing = read([b">f+++++++++|1|../x", b">f+++++++++|1|/etc/passwd", b">f+++++++++|1|a/../../x"])
    assert listing.items == []
    assert not escapes_above(b"a..b/..c")


def test_noise_is_passed_over():
    assert read([b"hello", b"a|b|c", b"", b"\xff|1|x"]).items == []


def test_so_many_are_listed_and_the_others_counted():
    listing = Listing(most=2)
    for name in ("a.png", "b.png", "c.png", "d.csv", "e.png", "f.csv", "g.csv"):
        add_line(listing, f">f+++++++++|7|{name}".encode())
    assert [item.path for item in listing.items] == [b"a.png", b"b.png", b"d.csv", b"f.csv"]
    assert (listing.more, listing.more_bytes) == (3, 21)
