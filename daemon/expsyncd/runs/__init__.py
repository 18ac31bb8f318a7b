"""Runs: what was measured, with what settings, and how it is going; read from the mirror."""
