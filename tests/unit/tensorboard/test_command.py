from pathlib import Path

from expsyncd.config.model import TensorBoardConfig
from expsyncd.tensorboard.command import argv, environment, url


def built(*, fast=True, port=6006, **config):
    return argv(TensorBoardConfig(**config), logdir=Path("/root/tb log"), port=port, fast=fast, python="/py")


def test_the_command_line():
    assert built() == [
        "/py",
        "-P",
        "-m",
        "expsyncd.tensorboard.launch",
        "--reload_interval=1",
        "--samples_per_plugin=scalars=100000,images=100",
        "--logdir=/root/tb log",
        "--host=127.0.0.1",
        "--port=6006",
        "--load_fast=true",
    ]


def test_the_slow_loader():
    assert built(fast=False)[-1] == "--load_fast=false"


def test_extra_arguments_cannot_move_it_off_this_machine():
    words = built(extra_args=("--host=0.0.0.0", "--logdir=/", "--port=1", "--window_title=mine"))
    assert words.index("--window_title=mine") < words.index("--logdir=/root/tb log")
    assert [word for word in words if word.startswith("--host=")][-1] == "--host=127.0.0.1"
    assert [word for word in words if word.startswith("--port=")][-1] == "--port=6006"


def test_scalars_only_keeps_nothing_else():
    words = built(scalars_only=True, samples_per_plugin="scalars=5")
    assert "--expsyncd-scalars-only" in words
    (samples,) = (word for word in words if word.startswith("--samples_per_plugin="))
    assert samples.startswith("--samples_per_plugin=scalars=5,images=1,")
    assert "=0" not in samples  # 0 means all


def test_no_sampling_leaves_tensorboards_own():
    assert not any("samples" in word for word in built(samples_per_plugin=""))


def test_the_address():
    assert url(6007) == "http://127.0.0.1:6007"
    assert url(6007, "/secret") == "http://127.0.0.1:6007/secret/"


def test_the_environment():
    ours = {"no_grpc_proxy": "localhost,127.0.0.1", "RUST_LOG": "warn"}
    assert environment({"http_proxy": "p", "RUST_LOG": "off"}) == {"http_proxy": "p", **ours}
    assert environment({}, "/secret") == {"EXPSYNCD_TENSORBOARD_PREFIX": "/secret", **ours}
