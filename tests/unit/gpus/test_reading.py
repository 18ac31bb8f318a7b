import pytest

from expsyncd.gpus.question import Answer
from expsyncd.gpus.reading import gpus, trouble
from expsyncd.state.asked import Gpu, GpuProcess

MIB = 1048576
A, B = "GPU-5d5ba0d6-4b1c-8e4f-1ab7-9e0b2b8b5c11", "GPU-0f3a7c2e-77aa-10f4-9d52-1c7bb0c4d9e0"


def test_two_gpus_and_whose_programs_are_there():
    found = gpus(
        Answer(
            gpus=f"1, {B}, NVIDIA A100-SXM4-40GB, 0, 4, 40960, 31, 52.13\n0, {A}, NVIDIA A100-SXM4-40GB, 97, 31811, 40960, 64, 301.77\n",
            code=0,
            apps=f"{A}, 4711, 20480, /home/anna/env/bin/python\n{A}, 4712, 11264, python train.py --token x\n",
            users=" 4711 anna\n 4712 ben.long_name\n",
        )
    )
    assert found == (
        Gpu(
            0, "NVIDIA A100-SXM4-40GB", 97, 31811 * MIB, 40960 * MIB, 64, 301.77,
            (
                GpuProcess(4711, "anna", "python", 20480 * MIB),
                GpuProcess(4712, "ben.long_name", "python", 11264 * MIB),
            ),
        ),
        Gpu(1, "NVIDIA A100-SXM4-40GB", 0, 4 * MIB, 40960 * MIB, 31, 52.13),
    )  # fmt: skip


@pytest.mark.parametrize("nothing", ["[N/A]", "[Not Supported]", "N/A", "", "[Insufficient Permissions]"])
def test_what_the_driver_does_not_tell(nothing):
    (found,) = gpus(Answer(gpus=f"0, {A}, GeForce GT 710, {nothing}, 300, 2048, 50, {nothing}", code=0))
    assert (found.use_percent, found.memory_bytes, found.watts, found.trouble) == (None, 300 * MIB, None, "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ERR!", "the driver reports an error of it"),
        ("[GPU requires reset]", "needs a reset"),
        ("[Unknown Error]", "the driver reports an unknown error of it"),
    ],
)
def test_a_gpu_that_is_not_well(value, said):
    (found,) = gpus(Answer(gpus=f"0, {A}, Tesla V100, {value}, {value}, 16384, {value}, {value}", code=0))
    assert (found.trouble, found.use_percent, found.total_bytes) == (said, None, 16384 * MIB)


def test_mig_devices_belong_to_their_gpu():
    listing = (
        f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: {A})\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)\n"
        f"GPU 1: NVIDIA A100-SXM4-40GB (UUID: {B})\n"
        "  MIG 1g.5gb      Device  0: (UUID: MIG-0b5b4a1d-aaaa-5de3-91c7-45d71c87eb3f)\n"
    )
    found = gpus(
        Answer(
            gpus=f"0, {A}, A100, [N/A], 14, 40960, 30, 45.0\n1, {B}, A100, [N/A], 7, 40960, 30, 45.0\n",
            code=0,
            apps=(
                "MIG-0b5b4a1d-aaaa-5de3-91c7-45d71c87eb3f, 10, [N/A], python3\n"
                f"MIG-{A}/7/0, 11, 300, [Not Found]\n"
            ),
            devices=listing,
        )
    )
    assert [(one.use_percent, [p.pid for p in one.processes]) for one in found] == [
        (None, [11]),
        (None, [10]),
    ]
    assert found[1].processes[0] == GpuProcess(10, "", "python3", None)
    assert found[0].processes[0] == GpuProcess(11, "", "", 300 * MIB)


def test_sixteen_gpus_in_order():
    lines = [f"{n}, GPU-{n:08x}-0000, H100, {n}, 0, 81920, 30, 70.0" for n in reversed(range(16))]
    found = gpus(Answer(gpus="\n".join(lines), code=0))
    assert [one.use_percent for one in found] == list(range(16))


def test_lines_that_are_no_gpu():
    text = f"Unable to determine the device handle for GPU 0000:3B:00.0: Unknown Error\n0, {A}, T4, 1, 2, 3, 4, 5\n,,,,,,,\nx\n"
    assert [one.name for one in gpus(Answer(gpus=text, code=15))] == ["T4"]
    assert gpus(Answer()) == ()


def test_a_program_named_by_an_enemy_is_bounded():
    name = "\x1b[31m" + "x" * 5000
    (found,) = gpus(
        Answer(gpus=f"0, {A}, T4, 1, 2, 3, 4, 5", code=0, apps=f"{A}, 7, 5, {name}\n{A}, no, 5, x\n")
    )
    assert len(found.processes) == 1
    assert len(found.processes[0].name) <= 200


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (Answer(missing=True), "no nvidia-smi there: no driver, or other GPUs than NVIDIA's"),
        (Answer(gpus="No devices were found\n", code=6), "the driver finds no GPU there"),
        (
            Answer(gpus="Failed to initialize NVML: Driver/library version mismatch\n", code=18),
            "Failed to initialize NVML: Driver/library version mismatch",
        ),
        (Answer(code=None), "nvidia-smi did not answer in time"),
        (Answer(code=124), "nvidia-smi did not answer in time"),
        (Answer(code=9), "nvidia-smi: exit 9"),
    ],
)
def test_what_is_wrong_with_the_driver(answer, title):
    assert trouble(answer).title == title


def test_all_is_well():
    assert trouble(Answer(gpus="", code=0)) is None
