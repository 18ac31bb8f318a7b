"""The schema of facts.db, step by step. Steps are only ever added, never changed."""

from __future__ import annotations

_FIRST = """
CREATE TABLE pulls (
    id TEXT PRIMARY KEY, host TEXT NOT NULL, source TEXT NOT NULL, at REAL NOT NULL, outcome TEXT NOT NULL,
    files INTEGER NOT NULL, bytes INTEGER NOT NULL, seconds REAL NOT NULL, detail TEXT NOT NULL);
CREATE INDEX pulls_by_source ON pulls (host, source, at);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,
    kept_at REAL NOT NULL, bytes INTEGER NOT NULL, place BLOB NOT NULL UNIQUE, reason TEXT NOT NULL);
CREATE INDEX versions_by_path ON versions (host, source, path, kept_at);
CREATE TABLE moves (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pull_id TEXT NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL,
    path BLOB NOT NULL, start BLOB NOT NULL, end_ BLOB NOT NULL);
CREATE TABLE roots (path TEXT PRIMARY KEY, identity TEXT NOT NULL);
CREATE TABLE paused (host TEXT PRIMARY KEY);
CREATE TABLE gone (
    host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (host, source, path));
CREATE TABLE inodes (
    host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL, inode INTEGER NOT NULL,
    PRIMARY KEY (host, source, path));
CREATE TABLE life (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_LOGINS = """
CREATE TABLE logins (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
    advice TEXT NOT NULL);
"""

STEPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(statement for statement in step.split(";") if statement.strip()) for step in (_FIRST, _LOGINS)
)
