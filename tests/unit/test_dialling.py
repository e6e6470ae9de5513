"""What stands beside a phone number and says what kind of number it is, as people write it."""

import pytest

from services.intake.reading.dialling import one_number

NUMBER = "+31 20 555 0100"
LABELS = {
    "en": ["Tel.", "Phone:", "Mobile", "Cell:", "DDI", "DID:", "Direct line:", "Work phone", "HQ"],
    "de": ["Telefon:", "Handy", "Mobil:", "Durchwahl", "Rufnummer:", "Festnetz", "Zentrale"],
    "nl": ["Telefoon", "Mobiel:", "Vast", "Telefoonnummer:"],
    "fr": ["Portable", "Bureau:", "Fixe"],
    "es, pt, it": ["Móvil:", "Celular", "Teléfono", "Telemóvel:", "Cellulare", "Ufficio:", "Fijo"],
    "others": ["Puhelin:", "Tlf.", "Komórka", "Natel", "Тел.:", "моб.", "手机", "携帯:", "جوال"],
}


def read(text: str) -> str | None:
    return text if text.strip(" :.").startswith("+31") else None


@pytest.mark.parametrize("label", [label for each in LABELS.values() for label in each])
def test_a_label_says_what_kind_of_number_it_is(label: str) -> None:
    found = one_number(f"{label} {NUMBER}", read)
    assert found is not None and NUMBER == found.strip(" :.")


@pytest.mark.parametrize("label", ["Fax", "f:", "Assistant:", "Old number", "Pager", "Do not call"])
def test_any_other_word_makes_it_unknown(label: str) -> None:
    assert one_number(f"{label} {NUMBER}", read) is None
