import os
from pathlib import Path

import pytest

from expsyncd.errors import NeedsUserError
from expsyncd.paths import Paths, RootPaths, shipped


def test_the_xdg_places():
    paths = Paths.of({"HOME": "/h", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/run/user/1"})
    assert paths.config_file == Path("/h/.config/expsyncd/hosts.yaml")
    assert paths.facts_db == Path("/s/expsyncd/facts.db")
    assert paths.control_socket == Path("/run/user/1/expsyncd/control.sock")


def test_relative_xdg_places_do_not_count():
    assert Paths.of({"HOME": "/h", "XDG_STATE_HOME": "s"}).state_dir == Path("/h/.local/state/expsyncd")


def test_another_config_file():
    assert Paths.of({"HOME": "/h", "EXPSYNCD_CONFIG": "/c.yaml"}).config_file == Path("/c.yaml")
    assert Paths.of({"HOME": "/h", "EXPSYNCD_CONFIG": "/c.yaml"}, Path("/d.yaml")).config_file == Path(
        "/d.yaml"
    )


def test_without_a_login_session_the_sockets_stay_short():
    found = Paths.of({"HOME": "/h"}).masters_dir
    assert found == Path(f"/tmp/expsyncd-{os.getuid()}/expsyncd/cm")


def test_private_folders(tmp_path):
    paths = Paths(tmp_path / "c", tmp_path / "state", tmp_path / "run/expsyncd", tmp_path / "cache")
    paths.make_private()
    for folder in (paths.state_dir, paths.runtime_dir, paths.masters_dir):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NeedsUserError, match="not a folder of yours"):
        Paths(tmp_path / "c", tmp_path / "state", tmp_path / "run", tmp_path / "cache").make_private()


def test_every_place_in_the_root_is_below_it():
    root = RootPaths(Path("/r"))
    places = [root.mirror, root.tb_log, root.versions, root.incoming, root.animations, root.marker]
    assert len(set(places)) == len(places)
    assert all(place.parent == root.path for place in places)


@pytest.mark.parametrize("name", ["hosts.yaml", "hosts.schema.json", "expsyncd.service"])
def test_what_comes_with_the_program(name):
    assert shipped(name).stat().st_size > 0
