import pytest

from expsyncd.pull.holds import holds
from expsyncd.pull.source import Source


@pytest.mark.parametrize(
    ("include", "exclude", "path", "held"),
    [
        ((), (), b"a/slurm-1.out", True),
        (("*.csv",), (), b"a/slurm-1.out", False),
        (("*.out",), (), b"a/slurm-1.out", True),
        ((), ("debug/",), b"debug/slurm-1.out", False),
        ((), ("debug/",), b"a/debug/slurm-1.out", False),
        ((), ("*.out",), b"slurm-1.out", False),
        (("/slurm-1.out",), (), b"slurm-1.out", True),
        (("/slurm-1.out",), (), b"a/slurm-1.out", False),
    ],
)
def test_a_file_and_every_folder_on_the_way(include, exclude, path, held):
    assert holds(Source("hpc", "exp", "/x", include=include, exclude=exclude))(path) is held
