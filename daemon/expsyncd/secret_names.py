"""Which names promise a secret, and which values may be one. Pure."""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import pairwise

REDACTED = "[redacted]"


class Grade(IntEnum):
    """How much a name promises: NONE nothing, WEAK only random values, MEDIUM all but words, STRONG any."""

    NONE = 0
    WEAK = 1
    MEDIUM = 2
    STRONG = 3
    PASSWORD = 4  # as STRONG, and a number may be one


_PASSWORDS = set("password passwd passphrase passcode pwd pw passwort psw userpass otp totp".split())  # noqa: SIM905
_SECRETS = {
    "secret",
    "secrets",
    "apikey",
    "authtoken",
    "accesstoken",
    "secretkey",
    "accesskey",
    "privatekey",
    "jwt",
    "bearer",
}
_CREDENTIALS = {
    "auth",
    "authorization",
    "credential",
    "credentials",
    "creds",
    "cred",
    "cookie",
    "cookies",
    "pat",
}
# A key of these is no secret; of any other it may be.
_PLAIN_KEYS = set(
    "cache sort primary foreign partition group data dict public image img object s3 metric monitor lookup row column col "  # noqa: SIM905
    "hash index dist sorting label text input output query value num state attention attn cross self mask target batch "
    "feature prompt question answer ssh host pub commit dedup idempotency shard record map pool rng prng random".split()
)
_OPEN_KEYS = set(
    "api access secret private auth account signing encryption master license licence service admin subscription storage "  # noqa: SIM905
    "deploy wandb openai comet neptune anthropic azure gemini groq mistral cohere together replicate wb hf kaggle "
    "clearml serper tavily langsmith langchain decrypt decryption cipher crypto user client app application team".split()
)
# A token of these is a piece of text.
_TEXT_TOKENS = set(
    "pad eos bos sep cls mask unk special stop start end begin image img audio video text num n max min per word sub "  # noqa: SIM905
    "first last next new prefix suffix register dist distill class task mean extra user assistant system role patch "
    "query latent memory summary visual vision speech target source byte char bytes chars empty blank null eot eod fim "
    "newline space line sentence trigger action state".split()
)
_NO_PASSWORDS = {
    "pass",
    "compass",
    "bypass",
    "trespass",
    "overpass",
    "surpass",
    "lowpass",
    "highpass",
    "bandpass",
}
_PLURALS = {"keys", "passwords", "passphrases", "apikeys"}
_PASSES_WORDS = """
    two first second third one single forward backward low high band multi num n by max all last
"""
_PASSES = frozenset(_PASSES_WORDS.split())
# What follows a secret word and makes it something about the secret.
_ABOUT = set(
    "file files path paths dir folder name names env var variable type types mode len length dim dims size num count "  # noqa: SIM905
    "counts rate rates id ids level levels policy url uri endpoint stdin fd prompt required enabled disabled expiry ttl "
    "timeout algo algorithm format prefix suffix column col field index idx map proj bias weight dropout loss mask "
    "padding heads head states cache method provider store manager service host port merging merge pruning dim "
    "santa sharing budget limit window shift mixer mixing embed embedding embeddings emb vocab through strength length "
    "chars regex hint location arn version rotation usage used per batch step steps k".split()
)
_NOISE_WORDS = """
    prod production dev test testing staging ci value val b base main old new default local personal my
"""
_NOISE = frozenset(_NOISE_WORDS.split())
_SWITCHES_WORDS = """
    use with has no enable is require requires need needs ask show print save allow skip verify check
"""
_SWITCHES = frozenset(_SWITCHES_WORDS.split())

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PLAIN_VALUES = set(
    "true false yes no on off none null nil undefined auto default optional required todo tbd n/a na env prompt ask "  # noqa: SIM905
    "changeit redacted hidden removed omitted secret".split()
) | {""}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?[kmbgt%]?", re.IGNORECASE)
_REFERENCE = re.compile(
    r"\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?:[:#%/^,@?+!\[][^}]*)?\}|\$[@*#?0-9]|\$\(.*|`.*|<\(.*|\{\{.*|%\w+%|\$\{\{.*"
    r"|(?:os|self|args|opts?|cfg|config|conf|env|environ|getenv|getpass|input|settings|params|hparams|sys)\b[.(\[].*"
    r"|\$\{[a-z]\w*:.*", re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"<.*>|\[[A-Z]+\]|\*+|[xX]{3,}|\.{2,}|…|-+|_+|\?+|(?:your|my|insert|enter|put)[-_ ]?[a-z_ -]*(?:key|token|password|secret|here)[a-z_ -]*"
    r"|(?:key|token|password|secret)[-_ ]?here", re.IGNORECASE | re.DOTALL,
)  # fmt: skip
_FILE = re.compile(
    r"(?:~|\.{1,2})?(?:/[\w.@%+~-]+)+/?|[\w./@%+-]*\.(?:json|txt|ya?ml|env|pem|key|pub|toml|ini|cfg|csv|py|sh|pt|pth|log)"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def words_of(name: str) -> list[str]:
    """A name's words in small letters, digits left out: `WANDB_API_KEY2` → wandb, api, key."""
    words = [word.lower() for word in _WORD.findall(name)]
    return [word[:-1] if word in _PLURALS else word for word in words]


def grade(name: str) -> Grade:
    """What a flag's, variable's or field's name promises."""
    words = words_of(name)
    while len(words) > 1 and words[-1] in _NOISE:
        words.pop()
    if not words:
        return Grade.NONE
    found = _tail(words)
    if words[0] in _SWITCHES and len(words) > 1:
        return min(found, Grade.WEAK)
    return found


def _tail(words: list[str]) -> Grade:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PASSWORDS or last.endswith(("password", "passwd")):
        return Grade.PASSWORD
    if last.endswith("pass") and last not in _NO_PASSWORDS:
        return Grade.PASSWORD
    if last in _SECRETS or (before, last) in {("secret", "id"), ("secret", "keybase"), ("key", "base")}:
        return Grade.STRONG
    if last in _CREDENTIALS:
        return Grade.MEDIUM
    if last == "pass":
        return Grade.MEDIUM if not before else Grade.NONE if before in _PASSES else Grade.PASSWORD
    if last == "tokens":
        return Grade.STRONG if before in _OPEN_KEYS else Grade.WEAK
    if last in {"token", "tok"}:
        return Grade.MEDIUM if not before else Grade.WEAK if before in _TEXT_TOKENS else Grade.STRONG
    if last == "key":
        if before in _OPEN_KEYS:
            return Grade.STRONG
        return Grade.NONE if before in _PLAIN_KEYS else Grade.WEAK
    if last in _ABOUT:
        return Grade.NONE
    joined = " ".join(words)
    if re.search(
        r"\b(?:password|passwd|passphrase|apikey|(?:api|secret|access|private) key|(?:auth|access) token)\b",
        joined,
    ):
        return Grade.MEDIUM
    return Grade.WEAK if {"token", "secret", "key", "pass"} & set(words) else Grade.NONE


def may_be_secret(value: str, promised: Grade) -> bool:
    """Whether `value` (without its quotes) is to be hidden under a name of this grade."""
    text = value.strip()
    if (
        promised is Grade.NONE
        or REDACTED in text
        or text.lower() in _PLAIN_VALUES
        or _REFERENCE.fullmatch(text)
        or _PLACEHOLDER.fullmatch(text)
    ):
        return False
    if promised is Grade.PASSWORD:
        return not _is_file(text) and not text.startswith("--")
    if _NUMBER.fullmatch(text) and len(text) < 8:  # counts of tokens; a code is longer
        return False
    if _is_file(text) or text.startswith("--"):
        return False
    if promised is Grade.STRONG:
        return True
    if promised is Grade.MEDIUM:
        return is_mixed(text) or (
            len(text) > 7 and text.isalnum() and not _NUMBER.fullmatch(text)
        )  # longer than most words
    return looks_random(text)


def _is_file(text: str) -> bool:
    return bool(_FILE.fullmatch(text)) and not (text.startswith("/") and looks_random(text))


def is_mixed(text: str) -> bool:
    """Six characters or more with letters and something else between them: what people make up."""
    if (
        len(text) < 6 or _NUMBER.fullmatch(text) or text.startswith(("http:", "https:", "-", "$", "~/", "/"))
    ):  # as said
        return False
    return bool(re.search(r"[A-Za-z]", text)) and bool(re.search(r"[^A-Za-z\s_.,:()'\"/-]", text))


def looks_random(text: str) -> bool:
    """Whether no person would have chosen it: long, digits among letters, changing often."""
    if _UUID.fullmatch(text) or "://" in text:
        return False
    for piece in re.split(r"[^A-Za-z0-9]", text):
        if re.fullmatch(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{16,}|(?=.*[0-9])(?=.*[A-F])[0-9A-F]{16,}", piece):
            return True
        kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in piece]
        changes = sum(a != b for a, b in pairwise(kinds))
        if len(piece) >= 10 and changes * 3 >= len(piece) and "d" in kinds:  # shorter ones are names
            return True
        if len(piece) >= 20 and changes >= 6 and len(set(kinds)) > 1:  # the same without digits
            return True
    return False
