from expsyncd.mirror.sweep import sweep_incoming
from expsyncd.paths import RootPaths


def test_everything_goes_and_links_are_not_followed(tmp_path):
    root = RootPaths(tmp_path / "root")
    assert sweep_incoming(root) == 0
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").touch()
    (root.incoming / "p1-small/deep").mkdir(parents=True)
    (root.incoming / "p1-small/deep/.a.XXXXXX").touch()
    (root.incoming / "file").touch()
    (root.incoming / "link").symlink_to(outside)
    assert sweep_incoming(root) == 3
    assert list(root.incoming.iterdir()) == []
    assert (outside / "mine").exists()
