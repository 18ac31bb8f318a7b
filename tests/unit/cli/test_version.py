from expsyncd import __version__
from expsyncd.cli.version import version


def test_it_is_the_packages(capsys):
    version()
    assert capsys.readouterr().out == f"expsyncd {__version__}\n"
