"""What of a `status --json` value waits for the person. Pure; imports nothing: `status` starts with it."""

from __future__ import annotations

from typing import Any


def needs_person(shown: dict[str, Any]) -> list[dict[str, str]]:
    """The troubles of a `status --json` value that wait for the person; empty means exit status 0.

    A host that is down and being retried is well; a failed or suspect one, a broken config, a root that
    cannot be written and a failed TensorBoard are not.
    """
    found: list[dict[str, str]] = []

    def add(where: str, error: dict[str, str] | None, fallback: str) -> None:
        error = error or {"title": fallback, "advice": ""}
        found.append({"where": where, **error})

    for part in ("config", "root"):
        if shown[part]["error"]:
            add(part, shown[part]["error"], "")
    if shown["tensorboard"]["status"] == "failed":
        add("tensorboard", shown["tensorboard"]["error"], "TensorBoard failed")
    for name, host in shown["hosts"].items():
        if host["status"] in ("failed", "needs-login"):
            add(name, host["error"], host["sentence"])
        for tunnel_name, tunnel in host["tunnels"].items():
            if tunnel["status"] == "failed":
                add(f"{name} tunnel {tunnel_name}", tunnel["error"], "failed")
        for source_name, source in host["sources"].items():
            if source["status"] in ("failed", "suspect"):
                add(f"{name}/{source_name}", source["error"], source["sentence"])
    return found
