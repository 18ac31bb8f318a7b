import pytest

from expsyncd.state import entries
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import EntryRow, LinkRow


@pytest.fixture
def catalogue(tmp_path):
    found = Catalogue.open(tmp_path / "catalogue.db")
    yield found
    found.close()


def test_entries_and_links(catalogue):
    entry = EntryRow("e1", "gpu", b"~/run.sh", 3, 4, "python t.py --lr 1e-3", "t.py", "plain", "GAN", "better", {"lr": "1e-3"}, "commented", True, 5.0, 6.0)  # fmt: skip
    link = LinkRow("e1", "gpu", "logs", b"a", 0.9, "its --name", by_hand=True)
    catalogue.write(lambda db: entries.put_entries(db, [entry]))
    catalogue.write(lambda db: entries.put_links(db, [link], {"e2": "two runs are as likely"}))
    assert catalogue.read(entries.entries_of, []) == [entry]
    assert catalogue.read(entries.links_of, []) == [link]
    assert catalogue.read(entries.unlinked_of, {}) == {"e2": "two runs are as likely"}
    catalogue.write(lambda db: entries.put_links(db, [], {}))
    assert catalogue.read(entries.links_of, []) == []
