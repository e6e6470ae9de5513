"""Folding of names and domains, on whatever people may write."""

import unicodedata

from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.companies.domains import mail_providers, platforms, registrable, website
from shared.companies.names import company_name
from shared.companies.terms import entry, terms_of_entry, terms_of_lead
from shared.folding import letters, words

UNSEEN = st.sampled_from(
    ["\u00ad", "\u200b", "\u200d", "\ufeff", "\u2060", "\u202e", "\ufe0f", "\u061c"]
)
SCRIPTS = st.sampled_from(
    [
        "abcdefgz ",
        "äöüßøłđæœðþıİŁØ",
        "αβγςΆΏ",
        "абвйёЖ",
        "日本株式会社有限",
        "한국주식",
        "กขค์ ี",
        "हिन्दी",
        'אבגד"מ',
    ]
)
NAMES = st.text(st.characters() | SCRIPTS.flatmap(lambda some: st.sampled_from(some)), max_size=30)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda label: "--" not in label and label not in ("www", "xn")
)
OWN = st.builds(
    "{}.{}".format, LABELS, st.sampled_from(["example", "co.uk", "com", "github.io", "com.au"])
).filter(lambda domain: domain not in mail_providers() | platforms().pages)
FORMS = st.sampled_from(
    ["GmbH", "Sp. z o.o.", "S.A. de C.V.", "Pvt Ltd", "Ltda.", "AB (publ)", "S.p.A."]
)


@given(NAMES)
def test_folding_is_idempotent_and_total(text: str) -> None:
    """RTE-06: also of lone marks and of halves of pairs."""
    once = letters(text)
    assert once == letters(once)
    assert words(text) == words(" ".join(words(text)))


@given(NAMES)
def test_what_has_a_letter_has_a_name_and_what_has_none_matches_nothing(text: str) -> None:
    """RTE-06: no key is empty."""
    keys = company_name(text).keys
    assert all(key and key == key.strip() for key in keys)
    assert bool(keys) or not words(text)  # An "&" alone is the word that it stands for.
    assert all(term.partition(":")[2] for term in terms_of_lead(text, (text,), None))


@given(NAMES, st.lists(st.tuples(st.integers(0, 30), UNSEEN), max_size=4))
def test_what_nobody_sees_changes_nothing(text: str, added: list[tuple[int, str]]) -> None:
    """RTE-06: wherever it stands."""
    marked = text
    for place, sign in added:
        marked = marked[:place] + sign + marked[place:]
    assert company_name(text) == company_name(marked)


@given(st.text("bcdfghijkm ", min_size=1, max_size=20), FORMS)
@example("b c", "Ltda.")
@example("b g", "AG")
@example("b k", "S.C.")
def test_neither_case_nor_accents_nor_forms_change_a_company(name: str, form: str) -> None:
    """RTE-06: a lead's company meets the entry that is written in another way."""
    accented = unicodedata.normalize("NFC", name.replace("c", "c\u0301").replace("i", "i\u0308"))
    for other in (
        name.upper(),
        name.title(),
        accented,
        f"{name} {form}",
        f"{accented} {form.upper()}",
    ):
        kept = entry(other).term
        met = set(terms_of_entry(kept)) & terms_of_lead(name, (), None) if kept else set()
        assert bool(met) or not words(name)


@given(OWN, OWN, st.lists(LABELS, max_size=2))
def test_two_registrable_domains_are_two_companies(one: str, other: str, below: list[str]) -> None:
    """RTE-06, RTE-08: and whatever lies below one is that one; a platform's pages are nobody's."""
    assume(all(website(f"https://{each}").domain for each in (one, other)))
    site = f"https://{'.'.join([*below, one])}/a?b=c#d"
    assert (one, one) == (registrable(one), website(site).domain)
    assert (one == other) == (website(site).domain == website(other).domain)
    found, kept = terms_of_lead(None, (site,), None), entry(other).term
    assert kept is not None
    assert (one == other) == (not found.isdisjoint(terms_of_entry(kept)))


@given(st.text(max_size=60))
def test_reading_a_website_is_total(text: str) -> None:
    """INT-02: and what is read is read as itself."""
    domain = website(text).domain
    assert domain is None or domain == website(domain).domain == registrable(domain)
