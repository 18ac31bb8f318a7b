"""What the habit tests look at: our modules as syntax trees, and the files git would track."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
PACKAGE = CHECKOUT / "daemon" / "expsyncd"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module by its dotted name below expsyncd (`pull.plan`)."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__") if name != "__init__" else ""] = ast.parse(path.read_bytes())
    return found


def file_of(name: str) -> Path:
    """The file of a module."""
    path = PACKAGE / Path(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(name: str, *, typing_too: bool = True) -> set[str]:
    """What of expsyncd a module imports, anywhere in it, by dotted names below expsyncd."""
    found: set[str] = set()
    skipped: set[ast.AST] = set()
    for node in ast.walk(modules()[name]):
        if node in skipped:
            skipped |= set(ast.iter_child_nodes(node))
            continue
        if not typing_too and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped |= set(node.body)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "expsyncd":
            base = (node.module or "").removeprefix("expsyncd").lstrip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                found.add(whole if whole in modules() else base)
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("expsyncd.") for a in node.names if a.name.startswith("expsyncd")}
    return found - {""}


def foreign_imports(name: str) -> set[str]:
    """Top-level names of everything else a module imports while it runs."""
    found: set[str] = set()
    skipped: set[ast.AST] = set()
    for node in ast.walk(modules()[name]):
        if node in skipped:
            skipped |= set(ast.iter_child_nodes(node))
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped |= set(node.body)
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found - {"expsyncd", "__future__"}
