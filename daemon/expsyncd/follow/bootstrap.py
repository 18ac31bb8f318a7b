"""How the agent gets to a host: a command line that reads the script from its stdin, and the script.

Nothing is written there: `-B` keeps Python from caching, `-I` keeps files of the login's home from being
imported.
"""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

PACKAGE = "expsyncd.follow.agent"
# In the order in which they import each other.
MODULES = ("stream", "inotify", "disks", "rules", "tree", "growth", "changes", "loop", "main")

# Where nobody asked before what Python there is (`transport: sftp`), the script says it in words of all.
_START = """
import sys, types
if sys.version_info < (3, 6):
    sys.stderr.write("its python3 is %d.%d.%d, following needs 3.6\\n" % sys.version_info[:3])
    sys.exit(1)
def start(pieces, package):
    name = ""
    for part in package.split("."):
        name = name + "." + part if name else part
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = []
    for name, text in pieces:
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(text, "<" + name + ">", "exec"), module.__dict__)
    module.main()
"""


class Script(NamedTuple):
    """`command` for the login's shell, whatever it is; `script` for its stdin."""

    command: str
    script: bytes


def bootstrap(python: str = "python3") -> Script:
    """The agent, ready to be sent."""
    folder = resources.files(PACKAGE)
    pieces = [(f"{PACKAGE}.{name}", (folder / f"{name}.py").read_text("utf-8")) for name in MODULES]
    script = f"{_START}\nstart({pieces!r}, {PACKAGE!r})\n".encode()
    # Unbuffered by hand: Python's own buffer would swallow what follows the script. In single quotes and
    # without a newline or `!`, so that sh, bash, zsh, fish and csh all read it alike.
    reads = f"import io;exec(io.BufferedReader(io.FileIO(0,closefd=False),1).read({len(script)}))"
    return Script(f"exec {python} -I -S -B -u -c '{reads}'", script)
