"""Lists of companies: put whole, in parts, and refused."""

from tests.component.leads import STRICT, Platform, part


async def test_a_list_is_put_in_parts(platform: Platform) -> None:
    """RTE-06: each part once, under its digest; the list names them, and versions share them."""
    digests = [await part(platform, f"part{number}.example") for number in (1, 2, 3)]
    assert 3 == len(set(digests))
    again = await platform.ask(
        "routing.list.part", "big", {"list": "big", "entries": ["www.PART1.example"]}
    )
    assert ("unchanged", digests[0]) == (again["code"], again["details"]["digest"])
    answer = await platform.company_list("big", parts=digests[:2])
    assert ("created", 2) == (answer["code"], answer["details"]["entries"])
    await platform.campaign(suppressed=[{"list": "big", **STRICT}])
    await platform.upload(1, Site="part3.example")
    await platform.company_list("big", parts=digests[1:])
    await platform.upload(2, Site="part1.example")
    await platform.upload(3, Site="part2.example")
    await platform.upload(4, Site="part3.example")
    assert ["R-1", "R-2"] == platform.got()
    same = await platform.company_list("big", parts=digests[1:])
    assert ("unchanged", 2) == (same["code"], same["details"]["version"])
    await platform.edit("big", add=["part9.example"])
    assert 4 == len(platform.stored("list_parts", "routing"))


async def test_a_list_that_cannot_be_is_refused_and_the_one_before_holds(
    platform: Platform,
) -> None:
    """RTE-06, OPS-06: missing parts by digest, bad entries by their place, and nothing quoted."""
    await platform.company_list("bad", "northgrid.example")
    unknown = "0" * 64
    missing = await platform.company_list("bad", parts=[unknown])
    assert ("list_parts_missing", [unknown]) == (missing["code"], missing["details"]["missing"])
    invalid = await platform.company_list("bad", "fine.example", "a..secret", "  ")
    assert ("entries_invalid", "entries") == (invalid["code"], invalid["details"]["field"])
    assert [1, 2] == invalid["details"]["places"]
    assert "secret" not in str(invalid)
    edited = await platform.edit("bad", add=["fine.example"], remove=["-bad.-"])
    assert (False, "entries_invalid") == (edited["accepted"], edited["code"])
    assert "list_unknown" == (await platform.edit("nothing", add=["x.example"]))["code"]
    (list_,) = platform.stored("lists", "routing")
    assert (1, 1) == (list_["number"], list_["content"]["entries"])
    refused = await platform.ask(
        "routing.list.put", "bad", {"id": "bad", "entries": []}, role="customer"
    )
    assert "not_permitted" == refused["code"]
