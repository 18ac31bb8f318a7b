from expsyncd.output_sources import OUTPUTS, output_name, output_sources


def test_one_source_a_folder_with_just_the_named_files():
    (one,) = output_sources({"/scratch/me/exp": ("slurm-1.out", "a[1].log")})
    assert (one.path, one.include) == ("/scratch/me/exp", ("/slurm-1.out", "/a\\[1].log"))
    assert one.max_size == 1_000_000_000
    assert one.name == output_name("/scratch/me/exp")


def test_a_name_says_the_folder_and_is_its_alone():
    assert output_name("/scratch/me/exp").startswith("slurm-exp-")
    assert output_name("/scratch/me/exp") != output_name("/home/me/exp")
    assert output_name("/").startswith("slurm-top-")
    assert len(output_name("/" + "x" * 300)) <= 128
    assert output_name("/") != OUTPUTS


def test_what_slurm_makes_up_is_no_source():
    assert output_sources({"/a": ("..", "x/../../b"), "relative": ("a",), "/proc/1": ("mem",)}) == []
    assert len(output_sources({f"/{number}": ("a",) for number in range(500)})) == 50
