from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import Diagnosis, diagnose
from expsyncd.ssh.host_keys import fingerprint, with_both_fingerprints

# Made by ssh-keygen, its fingerprint as `ssh-keygen -l` prints it.
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIIPYFGP7labkYQXgFPXqNtIuETAL/YygogEgYggkDBg1"
PRINT = "SHA256:ADJCWuFOhB7gBe06/JO4hZwEuGlUr7pF/LWjsCDsH4w"
NEW = "SHA256:2rRuwTf44v4NQvd4jYjG6MOhSDtG9+BD+0U6RjM+/YA"


def said(file, line):
    return (
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
        f"The fingerprint for the ED25519 key sent by the remote host is\n{NEW}.\n"
        f"Offending ED25519 key in {file}:{line}\n"
        "Host key for gpu1 has changed and you have requested strict checking.\n"
    )


def test_the_known_key_is_named_beside_the_new_one(tmp_path):
    file = tmp_path / "known hosts"
    file.write_text(f"# mine\n@marker other ssh-rsa AAAA\n|1|salt|hash ssh-ed25519 {KEY} comment\n")
    words = said(file, 3)
    found = with_both_fingerprints(diagnose(words, 255, alias="gpu1"), words)
    assert found.kind is Kind.HOST_KEY_CHANGED
    assert found.title == f"the host key of gpu1 has changed: was {PRINT}, now {NEW}"


def test_where_the_known_key_cannot_be_read_the_new_one_is_enough(tmp_path):
    for file, line in ((tmp_path / "gone", 1), (tmp_path, 1)):
        words = said(file, line)
        title = with_both_fingerprints(diagnose(words, 255, alias="gpu1"), words).title
        assert title == f"the host key of gpu1 has changed, now {NEW}"
    file = tmp_path / "short"
    file.write_text("a ssh-rsa AAAA!!!!\n")
    for line in (0, 1, 2):
        words = said(file, line)
        assert "was" not in with_both_fingerprints(diagnose(words, 255, alias="gpu1"), words).title


def test_other_troubles_stay_as_they_are():
    found = Diagnosis(Kind.REFUSED, "no, now what", "")
    assert with_both_fingerprints(found, said("/x", 1)) is found


def test_a_line_without_a_key():
    assert fingerprint("") is None
    assert fingerprint("gpu1 ssh-ed25519") is None
