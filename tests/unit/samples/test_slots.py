"""What single names leave open, the files decide."""

from expsyncd.samples.names import taken_apart
from expsyncd.samples.slots import decide

SECOND = 10**9


def parts_of(files, contents=None):
    """`files`: path to the second of its writing."""
    names = [taken_apart(path.encode()) for path in files]
    assert len({name.shape for name in names}) == 1
    found = decide(names, [second * SECOND for second in files.values()], contents)
    return dict(found.of), found.why


def kinds(files, contents=None):
    return sorted(parts_of(files, contents)[0].values())


def test_the_widest_of_all_names_is_the_step():
    found, why = parts_of({"9_3.png": 1, "10_3.png": 2, "100_0.png": 3})
    assert list(found.values()) == ["n", "i"]
    assert why == ""


def test_a_number_that_never_changes_is_no_step():
    found, _ = parts_of({f"exp_0042_{n}.png": n for n in range(3)})
    assert list(found.values()) == ["n"]
    assert kinds({"exp_0042_7.png": 1}) == ["i", "n"], "one name alone: the widest"


def test_of_two_that_are_alike_the_one_that_rises_with_time():
    # img_STEP_SAMPLE with one digit each
    files = {f"img_{step}_{sample}.png": 10 * step + sample for step in range(4) for sample in range(3)}
    found, why = parts_of(files)
    assert list(found.values()) == ["n", "i"]
    assert "rises" in why
    # a number before it stays in the name, so each is a series of its own
    files = {f"view_{sample}_at_{step}.png": 10 * step + sample for step in range(4) for sample in range(3)}
    assert sorted(parts_of({p.replace("view_", "cam_"): s for p, s in files.items()})[0].values()) == ["n"]
    # unless a word says that it is the sample's
    found, _ = parts_of(files)
    assert [found[at] for at in sorted(found)] == ["i", "n"]


def test_folders_written_at_once_are_steps():
    files = {f"{step}/samples{sheet}.jpg": 1000 * step + sheet for step in (1, 3, 6) for sheet in range(5)}
    found, why = parts_of(files)
    assert sorted(found.values()) == ["i", "n"]
    assert found[0] == "n"
    assert "written together" in why


def test_folders_of_whole_runs_are_not():
    files = {f"{run}/sample_{step}.png": 1000 * run + 200 * step for run in (1, 2, 3) for step in range(5)}
    assert list(parts_of(files)[0].values()) == ["n"]


def test_a_numbered_folder_with_one_name_inside_is_the_step():
    assert kinds({f"{step}/fake.png": step for step in (100, 200, 300)}) == ["n"]


def test_names_that_are_written_again_and_again_are_samples():
    files = {f"sample_{n}.png": n for n in range(4)}
    assert kinds(files, contents=4) == ["n"]
    assert kinds(files, contents=12) == ["i"]
    labelled = {f"epoch_{n}.png": n for n in range(4)}
    assert kinds(labelled, contents=12) == ["epoch"], "a label says more"
