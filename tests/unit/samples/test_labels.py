import pytest

from expsyncd.samples.labels import label_of, words_of
from expsyncd.samples.tokens import pieces_of
from expsyncd.samples.words import Role


def labels(text):
    pieces = pieces_of(text.encode())
    return [label_of(pieces, at).value for at, piece in enumerate(pieces) if piece.kind == "number"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("epoch_12_iter_300", ["epoch", "step"]),
        ("3epoch_200iter", ["epoch", "step"]),
        ("12_epoch_34_iter", ["epoch", "step"]),
        ("12_epoch_3", ["plain", "epoch"]),
        ("sample_07_epoch_012", ["index", "epoch"]),
        ("sample_at_12epochs", ["epoch"]),
        ("img_12_step", ["step"]),
        ("seed_42_epoch_3", ["seed", "epoch"]),
        ("fake_512px_12", ["never", "plain"]),
        ("batch_size_64", ["never"]),
        ("gs-000500_e-000003_b-000200", ["step", "epoch", "batch"]),
        ("e_12", ["plain"]),
        ("a2b_7", ["plain", "plain"]),
        ("fid_45", ["measure"]),
        ("depth_12", ["weak"]),
        ("epoch12loss3", ["epoch", "measure"]),
    ],
)
def test_what_words_say(text, expected):
    assert labels(text) == expected


def test_words_of_letters():
    assert words_of(b"fakeEpoch") == ["fake", "epoch"]
    assert words_of(b"EPOCH") == ["epoch"]
    assert words_of(b"VanillaVAE") == ["vanilla", "vae"]
    assert Role("weak") is Role.WEAK
