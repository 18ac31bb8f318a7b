-- facts.db as schema 1 wrote it. It must load for ever: never change this file.
PRAGMA user_version=1;
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
INSERT INTO pulls VALUES ('20261123T180000-aa', 'gpu1', 'tb_log', 1795456800.0, 'complete', 3, 900, 0.4, '');
INSERT INTO versions VALUES (1, 'gpu1', 'tb_log', X'72756E2F61FF2E637376', 1795456800.0, 12, X'70312F61', 'replaced');
INSERT INTO paused VALUES ('gpu2');
INSERT INTO roots VALUES ('/home/me/experiments', '0123abcd');
