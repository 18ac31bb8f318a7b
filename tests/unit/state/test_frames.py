from expsyncd.state.catalogue import Catalogue
from expsyncd.state.frames import FrameRow, drop_frames, frames_of, put_frames

SERIES = ("gpu", "s", b"r\xff", b"f_{n}.png")


def test_frames_come_back_in_order_with_names_that_are_no_text(tmp_path):
    catalogue = Catalogue.open(tmp_path / "c.db")
    rows = [
        FrameRow(7, "step 7", "b7", "t7", "mirror/gpu/s/\udcff.png", 3, 1_764_000_000_123_456_789),
        FrameRow(None, "", "b8", "t8"),
    ]
    catalogue.write(lambda db: put_frames(db, SERIES, [FrameRow(1, "old", "b", "t")]))
    catalogue.write(lambda db: put_frames(db, SERIES, rows))

    def kept(series):
        nothing: list[FrameRow] = []
        return catalogue.read(lambda db: frames_of(db, series), nothing)

    assert kept(SERIES) == rows
    assert kept(("gpu", "s", b"r", b"f_{n}.png")) == []
    catalogue.write(lambda db: drop_frames(db, [SERIES]))
    assert kept(SERIES) == []
    catalogue.close()
