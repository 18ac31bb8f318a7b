from expsyncd.cli.runs_view.columns import ALWAYS, differing, fit, in_turn, metrics
from expsyncd.cli.runs_view.fields import Field
from support.runs import seen


def test_different_measures_before_the_same_again():
    counts = dict.fromkeys(["val/loss", "train/loss", "val/acc", "lr", "fid", "grad_norm"], 3)
    assert metrics(3, counts, 3) == ["val/loss", "val/acc", "fid"]
    assert metrics(3, counts, 9) == ["val/loss", "val/acc", "fid", "train/loss"]
    assert metrics(3, {"a": 3, "b": 1}, 9) == ["a", "b"]  # better than nothing
    assert metrics(3, {}, 9) == []


def test_settings_that_differ():
    runs = [
        seen(
            "gpu/a",
            {
                "lr": "1e-3",
                "model": "unet",
                "seed": "1",
                "exp_name": "a",
                "out": "/x/a",
                "amp": "true",
                "rare": "1",
            },
        ),
        seen(
            "gpu/b",
            {
                "lr": "0.001",
                "model": "vit",
                "seed": "2",
                "exp_name": "b",
                "out": "/x/b",
                "amp": "True",
                "rare": "2",
            },
        ),
        seen("gpu/c", {"lr": "1e-3", "model": "vit", "seed": "3"}),
        seen("gpu/d", {"lr": "1e-3", "model": "vit", "seed": "4"}),
        seen("gpu/e", {"lr": "1e-3", "model": "vit", "seed": "4"}),
    ]
    assert differing(runs) == ["model", "seed", "rare"]
    runs[0].settings["lr"] = "1e-4"
    assert differing(runs) == ["lr", "model", "seed", "rare"]
    assert differing(runs[:1]) == []


def test_as_many_as_fit():
    wanted = list(in_turn(["val/loss", "acc"], ["lr", "model", "seed"]))
    assert [field.word for field in wanted] == ["val/loss", "lr", "acc", "model", "seed"]
    widths = {"state": 8, "step": 6, "age": 3, "val/loss": 8, "lr": 4, "acc": 6, "model": 40, "seed": 4}
    assert sum(widths[field.word] for field in ALWAYS if field.word != "name") == 17

    def width(field):
        return widths[field.word]

    # 80 - 17 - 3 gaps = 57, and the name reads well in 30: 27 for 10 + 6 + 8, then 3.
    chosen, name = fit(wanted, width, 80, (20, 30))
    assert [field.word for field in chosen[4:]] == ["val/loss", "lr", "acc"]
    assert name == 33
    # The first two may cost the name what it reads well in.
    chosen, name = fit(wanted, width, 60, (20, 30))
    assert [field.word for field in chosen[4:]] == ["val/loss", "lr"]
    assert name == 21
    assert fit(wanted, width, 40, (20, 30)) == (list(ALWAYS), 20)
    assert fit([Field("x", "run")], lambda _: 1, 200, (5, 5))[1] > 100
