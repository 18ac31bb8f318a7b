from pathlib import Path

from expsyncd.ssh.way import Way, parse


def test_plain_host():
    assert parse("host gpu1\nuser me\nhostname 10.0.0.5\nport 22\n") == Way()


def test_own_control_path_and_hops():
    text = "hostname x\ncontrolpath /home/me/.ssh/cm-me@x:22\nproxyjump me@gate:2222,inner\n"
    assert parse(text) == Way(Path("/home/me/.ssh/cm-me@x:22"), ("me@gate:2222", "inner"))


def test_none_is_none():
    assert parse("controlpath none\nproxyjump none\n") == Way()


def test_names_may_be_mixed_case_and_garbage_is_no_trouble():
    assert parse("\0\nControlPath /x y/z\n\nnonsense\n") == Way(Path("/x y/z"))


def test_files_of_a_login_with_the_home_folder_put_in():
    text = (
        "identityfile ~/.ssh/id_rsa\nidentityfile /keys/a\ncertificatefile ~/.ssh/c\nidentityagent /run/agent\n"
        "userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2\nglobalknownhostsfile /etc/ssh/known\n"
    )
    way = parse(text, Path("/home/me"))
    assert way.keys == (Path("/home/me/.ssh/id_rsa"), Path("/keys/a"), Path("/home/me/.ssh/c"))
    assert way.known_hosts == (
        Path("/home/me/.ssh/known_hosts"),
        Path("/home/me/.ssh/known_hosts2"),
        Path("/etc/ssh/known"),
    )
    assert way.agent == "/run/agent"
    assert way.printed == text
