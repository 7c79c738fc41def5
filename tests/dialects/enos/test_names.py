from __future__ import annotations

from uuid import UUID

import pytest

from fleet_sim.dialects.enos.names import operator_key_of, org_of, uuid_of

_DIGITS = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("digits", ["0" * 32, "f" * 32, _DIGITS])
def test_an_organisation_is_an_o_and_fourteen_digits(digits: str) -> None:
    """As in all samples of the pages, whatever was drawn."""
    name = org_of(digits)

    assert name[0] == "o"
    assert name[1:].isdecimal()
    assert len(name) == len("o15475466766371")


def test_other_digits_make_another_organisation() -> None:
    """They all count."""
    assert org_of(_DIGITS) != org_of(_DIGITS[:-1] + "0")


def test_an_operators_key_is_hex_in_groups() -> None:
    """The second group reads as a number, as the northbound SDK wants it."""
    assert operator_key_of(_DIGITS) == "01234567-89ab-cdef-0123-456789abcdef"


def test_a_uuid_is_one_of_version_4() -> None:
    """In form; all but the digits of version and variant are the ones drawn."""
    assert uuid_of(_DIGITS) == "01234567-89ab-4def-a123-456789abcdef"
    assert UUID(uuid_of("f" * 32)).version == 4
