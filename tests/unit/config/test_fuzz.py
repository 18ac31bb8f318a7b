"""Whatever is in the file, the answer is a Config or a ConfigError."""

from contextlib import suppress

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.config.keys import FORWARD, HOST, SKIP, SOURCE, TENSORBOARD, TOP, VERSIONS
from expsyncd.config.load import ConfigError, parse

WORDS = sorted({*TOP, *HOST, *SOURCE, *FORWARD, *TENSORBOARD, *VERSIONS, *SKIP})
TEXTS = st.one_of(
    st.sampled_from(
        ["60s", "*/5 * * * *", "50MB", "~/a", "/a/*/b", "~/a/b", "true", "6006", "a:6006", "~", "/", "<<"]
    ),
    st.text(max_size=12),
    st.integers(-5, 70000),
    st.none(),
    st.booleans(),
    st.floats(),
)
KEYS = st.one_of(st.sampled_from(WORDS), st.sampled_from(["gpu1", "gpu2"]), st.text(max_size=5))
TREES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TOP, TREES),
        "hosts": st.dictionaries(
            KEYS,
            st.fixed_dictionaries(
                {},
                optional={
                    **dict.fromkeys(HOST, TREES),
                    "sources": st.lists(
                        TEXTS
                        | st.fixed_dictionaries(
                            {"path": TEXTS}, optional=dict.fromkeys(set(SOURCE) - {"path"}, TEXTS)
                        )
                    ),
                    "forwards": st.lists(st.fixed_dictionaries(dict.fromkeys(FORWARD, TEXTS))),
                },
            ),
            max_size=3,
        ),
    },
)


def loads(text):
    with suppress(ConfigError):
        parse(text, "fuzz.yaml")


@given(st.binary(max_size=200))
def test_bytes(text):
    loads(text)


@given(st.text("abr:-*&!|>'\"{}[],#%@?~<\\ \t\n0159.é\x85\u2028", max_size=120))
def test_yaml_like_text(text):
    loads(text.encode())


@settings(max_examples=150, deadline=None)
@given(TREES | SHAPED)
def test_trees(tree):
    loads(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(SHAPED, st.data())
def test_cut_and_spoiled_files(tree, choice):
    text = yaml.safe_dump(tree).encode("utf-8", "surrogatepass")
    at = choice.draw(st.integers(0, len(text)))
    loads(text[:at])
    loads(text[:at] + choice.draw(st.binary(max_size=3)) + text[at:])
