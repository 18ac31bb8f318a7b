from expsyncd.tab.ids import id_of


def test_other_parts_other_id():
    ids = {
        id_of("a", "bc"),
        id_of("ab", "c"),
        id_of("abc"),
        id_of("a", b"bc\xff"),
        id_of("a", "bc\udcff", None),
        id_of("a", 1),
    }
    assert len(ids) == 6
    assert all(len(one) == 16 and set(one) <= set("0123456789abcdef") for one in ids)


def test_a_name_that_is_no_text_has_one_id_however_it_is_told():
    assert id_of("x\udcff") == id_of(b"x\xff")
