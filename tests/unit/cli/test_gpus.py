from datetime import UTC, datetime

from expsyncd.cli.gpus import programs, screen

GB = 1_000_000_000
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def gpu(index, **more):
    one = {
        "index": index, "name": "NVIDIA A100-SXM4-40GB", "use_percent": 0, "memory_bytes": 0, "total_bytes": 40 * GB,
        "celsius": 30, "watts": 50.0, "processes": [], "trouble": "",
    }  # fmt: skip
    return {**one, **more}


def process(user, name, size):
    return {"pid": 7, "user": user, "name": name, "memory_bytes": size}


def test_a_screen_of_80_columns():
    busy = gpu(
        0, use_percent=97, memory_bytes=30 * GB, celsius=64, processes=[process("anna", "python", 29 * GB)]
    )
    unknown = gpu(
        1, use_percent=None, memory_bytes=None, total_bytes=None, celsius=None, trouble="needs a reset"
    )
    asked = {
        "gpu1": {"gpus": [busy, unknown], "as_of": "2026-01-01T11:59:30.000Z", "error": None},
        "hpc": {
            "gpus": None,
            "as_of": None,
            "error": {"title": "no nvidia-smi there", "advice": "`gpus: false`"},
        },
    }
    assert screen(asked, NOW, 80, "~", colour=False) == [
        "gpu1, 30s ago",
        "  GPU  NAME                    USE              MEMORY  HEAT  PROGRAMS",
        "    0  NVIDIA A100-SXM4-40GB  97 %  30.0 GB of 40.0 GB  64 C  anna python 29.0 ~",
        "    1  NVIDIA A100-SXM4-40GB     ?              ? of ?     ?  needs a reset",
        "",
        "hpc",
        "  no nvidia-smi there -> `gpus: false`",
    ]


def test_programs_the_largest_first():
    found = [process("ben", "python", 3 * GB), process("", "", 20 * GB), process("anna", "sh", None)]
    assert programs(gpu(0, processes=found)) == "? 7 20.0 GB, ben python 3.0 GB, anna sh"
