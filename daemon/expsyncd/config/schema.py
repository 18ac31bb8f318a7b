"""The JSON schema of what people write, for completion in editors. Pure."""

from __future__ import annotations

import json

from expsyncd.config import keys


def schema_text() -> str:
    """The content of hosts.schema.json (draft 7, which YAML editors know best)."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "expsyncd's hosts.yaml",
        **keys.FILE.schema,
        "type": ["object", "null"],
    }
    return json.dumps(schema, indent=2) + "\n"
