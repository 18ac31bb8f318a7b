from expsyncd.tab.columns import metrics, settings


def test_what_says_how_good_it_is_comes_first():
    tags = {
        "lr": 9,
        "epoch": 9,
        "train/loss": 9,
        "val/loss": 9,
        "grad_norm": 9,
        "fid": 9,
        "weights/layer1": 9,
    }
    assert metrics(tags) == ["val/loss", "fid", "train/loss", "weights/layer1", "lr", "epoch", "grad_norm"]


def test_a_metric_of_few_runs_is_no_column_for_all():
    assert metrics({"test/acc": 1, "loss": 100}) == ["loss", "test/acc"]
    assert metrics({"a/loss_val": 1, "fid": 3, "loss/val": 3}) == ["loss/val", "fid", "a/loss_val"]
    assert metrics({}) == []


def test_settings_that_part_the_runs_come_before_names_and_paths():
    seen = [("exp_name", 3, 3), ("out_dir", 20, 20), ("lr", 20, 4), ("seed", 20, 5), ("debug", 2, 1)]
    assert settings(seen) == ["lr", "seed", "debug", "out_dir", "exp_name"]
    assert settings([("model", 3, 1), ("lr", 3, 3), ("batch", 3, 2)]) == ["batch", "lr", "model"]
