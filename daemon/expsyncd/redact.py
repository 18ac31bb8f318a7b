"""Takes secrets out of texts of hosts before anything keeps, logs or shows them. Pure.

A secret becomes `[redacted]`; line breaks stay, so lines keep their numbers. What looks like one and is none
(commits, md5 sums, token counts) stays byte for byte. Rules first find the place of a value by the name
before it, then `secret_names` judges name and value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.secret_names import REDACTED, Grade, grade, is_mixed, looks_random, may_be_secret
from expsyncd.secret_places import (
    APART,
    ASSIGNED,
    BARE_LIST,
    BEARER,
    BESIDE,
    CERTAIN,
    CODE,
    COMMON,
    DEFAULT,
    FIELD,
    FLAG,
    LISTED,
    PAIR,
    PASSWORDS,
    PHRASE,
    QUERY,
    READ,
    SAID,
    SET,
    SPACED,
    URL,
    URL_USER,
    VALUE,
)
from expsyncd.secret_shapes import AWS_PAIR, BLOCK, SHAPE, WANDB, WEBHOOK

if TYPE_CHECKING:
    from collections.abc import Callable

Names = dict[str, "Callable[[str], bool]"]  # variables that are used as secrets: which values may be one
TOKEN_FROM = 12  # characters; what stands for a user in a URL and is shorter is one
_NO_USER = COMMON | {"ssh", "sftp", "scp"}  # words that begin a sentence or a command
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_SAID_OF = COMMON - {"correct"}  # a passphrase may begin with it
LIKELY = "S3cret-9f3c2ab4"  # would the place hide this?
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_NEVER_OURS = {"HOME", "USER", "PWD", "HOSTNAME", "PATH", "SHELL", "LOGNAME", "TMPDIR"}


def redact(text: str) -> str:
    """The text with every secret replaced; as long in lines as before."""
    if "PRIVATE KEY" in text:
        text = BLOCK.sub(lambda m: m[1] + REDACTED + "\n" * m[2].count("\n") + m[3], text)
    names: Names = {}
    text = _round(text, names)
    known: set[str] = set()
    while fresh := names.keys() - known:  # a variable that ends as a secret makes its own value one
        known |= fresh
        for name in sorted(fresh):
            text = _assigned(text, name, names)
    return text


def redact_setting(name: str, value: str) -> str:
    """The value of a setting, or `[redacted]` where its name or its shape says that it is a secret."""
    bare = value.strip().strip("'\"")
    if may_be_secret(bare, grade(name.lstrip("-+"))):
        return REDACTED
    if bare.startswith("["):
        value = _hide(BARE_LIST, value, _named, {})
    return redact(value)


def _named(name: str, value: str) -> bool:
    return value != name and may_be_secret(value, grade(name))


def _round(text: str, names: Names) -> str:
    text = WEBHOOK.sub(lambda m: m[1] + REDACTED, text)
    text = AWS_PAIR.sub(lambda m: m[1] + REDACTED, text)
    text = SHAPE.sub(REDACTED, text)
    text = WANDB.sub(lambda m: m[1] + REDACTED, text)

    def certain(_name: str, value: str) -> bool:
        return may_be_secret(value, Grade.PASSWORD)

    def said(name: str, value: str) -> bool:
        # `secret: larger batch` and `password: ask Ana` are prose; `secret_key: x` is not.
        promised = grade(name)
        if name.lower() == "pass":
            return is_mixed(value)
        if promised is Grade.STRONG and name.isalpha():
            promised = Grade.MEDIUM
        return value != name and value.lower() not in COMMON and may_be_secret(value, promised)

    for hint, pattern in CERTAIN:
        if hint in text:
            text = _hide(pattern, text, certain, names)
    text = _hide(URL, text, lambda _n, v: not re.match(r"\d{1,5}(?:/|$)", v) and certain("", v), names)
    text = _hide(
        URL_USER, text, lambda _n, v: looks_random(v) or (len(v) >= TOKEN_FROM and is_mixed(v)), names
    )
    text = _hide(QUERY, text, _in_query, names)
    for pattern in (FLAG, DEFAULT, ASSIGNED, SET):
        text = _hide(pattern, text, _named, names)
    for pattern in (LISTED, SPACED, *APART):
        text = _hide(pattern, text, _named, names)
    text = _hide(BESIDE, text, _beside_user, names)  # before FIELD, which may hide the user
    text = _hide(FIELD, text, said, names)
    text = _hide(READ, text, _named, names)
    text = _hide(PAIR, text, lambda _n, v: is_mixed(v), names)
    text = _hide(CODE, text, certain, names)
    text = _hide(PHRASE, text, lambda _n, v: v.split()[0].lower() not in _SAID_OF, names)
    text = _hide(BEARER, text, lambda _n, v: is_mixed(v) or looks_random(v), names)
    return SAID.sub(_told, text)


def _hide(pattern: re.Pattern[str], text: str, judge: Callable[[str, str], bool], names: Names) -> str:
    """Replace the values of a pattern that are judged to be secrets; note variables that stand there."""
    groups = pattern.groupindex

    def one(match: re.Match[str]) -> str:
        group = next(name for name in ("v", "w", "x") if name in groups and match[name] is not None)
        name = match["n"] if "n" in groups else ""
        value, start = match[group], match.start(group) - match.start()
        whole = match[0]
        if REDACTED in value or value == "$":
            return whole
        if pattern is ASSIGNED and match.start("n") and text[match.start("n") - 1] in ",=(":
            value = value.split(",")[0]  # one of several on a line: --export=ALL,A=1,B=2
        opening, bare, closing = _bare(value)
        if judge(name, bare):
            return whole[:start] + opening + REDACTED + closing + whole[start + len(value) :]
        if "$" in bare and judge(name, LIKELY):
            for variable in set(_VARIABLE.findall(bare)) - _NEVER_OURS:
                names.setdefault(variable, lambda value: judge(name, value))
        return whole

    return pattern.sub(one, text)


def _bare(value: str) -> tuple[str, str, str]:
    """Opening quote, what stands between, closing quote."""
    for quote in ('$"', "$'", '"', "'", "`"):
        end = quote[-1]
        if value.startswith(quote):
            closed = len(value) > len(quote) and value.endswith(end)
            return quote, value[len(quote) : -1 if closed else None], end if closed else ""
    bare = value
    while bare.endswith((",", "]", "}")) and not _balanced(bare):
        bare = bare[:-1]
    return "", bare, value[len(bare) :]


def _balanced(text: str) -> bool:
    return text[-1] != "," and text.count("[") + text.count("{") >= text.count("]") + text.count("}")


def _in_place_of_user(_name: str, value: str) -> bool:
    return looks_random(value) or (len(value) >= TOKEN_FROM and is_mixed(value))


def _beside_user(user: str, value: str) -> bool:
    return user.lower() not in _NO_USER and is_mixed(value) and not _HOST.fullmatch(value)


def _in_query(name: str, value: str) -> bool:
    promised = grade(name)
    if re.match(r"(?i)sig|x-amz-(?:sig|sec|cred)|x-goog-sig", name):
        promised = Grade.STRONG
    return may_be_secret(value, max(promised, Grade.WEAK))


def _told(match: re.Match[str]) -> str:
    """Prose and notes: `password is …`."""
    name, value = match["n"].lower(), match["v"]
    if REDACTED in value:
        return match[0]
    opening, bare, closing = _bare(value)
    if not opening:
        kept = bare.rstrip(".,;:!?)")
        bare, closing = kept, bare[len(kept) :] + closing
    if not _is_told(name, match["who"], match["s"].strip(), bare, quoted=bool(opening)):
        return match[0]
    return match[0][: len(match[0]) - len(value)] + opening + REDACTED + closing


def _is_told(name: str, who: str | None, sign: str, bare: str, *, quoted: bool) -> bool:
    if REDACTED in bare or bare.lower() in COMMON or not may_be_secret(bare, Grade.PASSWORD):
        return False
    if name == "pass":
        return bool(sign) and is_mixed(bare)
    if re.fullmatch(PASSWORDS, name) or name.endswith("pass"):
        return len(bare) > 2 if sign else is_mixed(bare)  # "me", "is"
    if who:
        return is_mixed(bare) or looks_random(bare) or (quoted and bool(sign) and " " not in bare)
    return looks_random(bare) or (len(bare) >= 10 and bare.isalnum() and is_mixed(bare))


def _assigned(text: str, variable: str, names: Names) -> str:
    """Hide what is assigned to a variable that is used as a secret."""
    judge = names[variable]
    for pattern in (
        rf"(?<![\w$.-]){variable}=\(?{VALUE}",
        rf"\bread\b[^\n|;&<]{{0,200}}\b{variable}\s{{0,9}}<<<\s{{0,9}}{VALUE}",
        rf"\bfor\s{{1,9}}{variable}\s{{1,9}}in\s{{1,9}}(?P<v>[^;\n$]{{1,400}})",
    ):
        text = _hide(re.compile(pattern), text, lambda _name, value: judge(value), names)
    return text
