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

_SAID = """
CREATE TABLE marks (
    host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL, hidden INTEGER, pinned INTEGER NOT NULL,
    note TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (host, source, inside));
CREATE TABLE scripts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, script BLOB NOT NULL, at REAL NOT NULL,
    digest TEXT NOT NULL, text BLOB NOT NULL);
CREATE INDEX scripts_by_path ON scripts (host, script, at);
CREATE TABLE entries_seen (
    entry TEXT PRIMARY KEY, host TEXT NOT NULL, script BLOB NOT NULL, first_seen_at REAL NOT NULL,
    last_seen_at REAL NOT NULL, state TEXT NOT NULL, changed_at REAL NOT NULL);
CREATE TABLE hand_links (
    entry TEXT NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,
    linked INTEGER NOT NULL, PRIMARY KEY (entry, host, source, inside));
CREATE TABLE jobs (
    host TEXT NOT NULL, job TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    node TEXT NOT NULL, partition TEXT NOT NULL, submitted_at REAL, started_at REAL, ended_at REAL,
    limit_s REAL, exit_code INTEGER, ended TEXT NOT NULL, folder TEXT NOT NULL, output TEXT NOT NULL,
    errors TEXT NOT NULL, command TEXT NOT NULL, depends TEXT NOT NULL, seen_at REAL NOT NULL,
    source TEXT NOT NULL, inside BLOB NOT NULL, log_source TEXT NOT NULL, log BLOB NOT NULL,
    expected_at REAL, PRIMARY KEY (host, job));
CREATE TABLE jobs_asked (host TEXT PRIMARY KEY, at REAL NOT NULL);
"""

STEPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(statement for statement in step.split(";") if statement.strip())
    for step in (_FIRST, _LOGINS, _SAID)
)
