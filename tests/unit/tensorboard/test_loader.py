from expsyncd.tensorboard.loader import complains, fast_loader_missing


def test_what_tensorboard_says_without_its_fast_loader():
    assert complains("Could not start data server: exited with 1") is not None
    assert complains("Option --load_fast=true not available: no binary") is not None
    assert complains("TensorBoard 2.21.0 at http://127.0.0.1:6006/") is None


def test_a_loader_that_the_person_brings_counts(monkeypatch):
    monkeypatch.setenv("TENSORBOARD_DATA_SERVER_BINARY", "/somewhere/server")
    assert fast_loader_missing() is None
