from expsyncd.gpus.question import read, script


def test_the_answer_in_parts():
    found = read(
        "n0",
        "hello\n\n@n0 begin\n\n@n0 gpus\n0, GPU-1\n\n@n0 gpus-ended 0\n\n@n0 apps\nGPU-1, 7, 5, python\n\n@n0 users\n  7 anna\n\n@n0 end\n",
    )
    assert (found.missing, found.code, found.gpus, found.apps) == (
        False,
        0,
        "0, GPU-1\n",
        "GPU-1, 7, 5, python\n",
    )
    assert (found.devices, found.users) == ("", "  7 anna\n")


def test_no_answer_and_half_an_answer():
    assert read("n0", "no shell for you\n") is None
    assert read("n0", "\n@n0 begin\n\n@n0 missing\n").missing
    assert read("n0", "\n@n0 begin\n\n@n0 gpus\n").code is None


def test_no_placeholder_is_left():
    text = script("n0", seconds=20).decode()
    assert "--query-gpu=index,uuid,name,utilization.gpu,memory.used," in text
    assert "@n0" in text
    assert "%SECONDS%" not in text
    assert "%APPS%" not in text
