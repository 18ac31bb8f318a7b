"""expsyncd: every result of every GPU host on your laptop by itself."""

__version__ = "0.1.0"
