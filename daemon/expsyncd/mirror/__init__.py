"""The local copy of all sources: where things lie, what changed, what was replaced."""
