from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.enos.shapes import (
    I18n,
    KeysBody,
    SearchBody,
    checked_names,
    i18n_of,
    read_body,
)
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.northbound import Names, Page
from tests.dialects.enos.strategies import NAMES


@given(names=NAMES)
def test_display_names_survive_the_wire(names: Names) -> None:
    """A default text and any of the four locales."""
    content = json.dumps(i18n_of(names)).encode()

    assert checked_names("name", read_body(I18n, content)) == names


def test_a_display_name_needs_no_locales() -> None:
    """`i18nValue` may be empty, null or absent."""
    for content in (b'{"defaultValue":"n"}', b'{"defaultValue":"n","i18nValue":null}'):
        assert read_body(I18n, content).names() == Names("n")
    assert i18n_of(Names("n")) == {"defaultValue": "n", "i18nValue": {}}
    assert i18n_of(None) is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"defaultValue": ""}, r"name\.defaultValue: is empty"),
        ({"defaultValue": "n", "i18nValue": {"fr": "n"}}, r"name\.i18nValue\.fr: is no locale"),
        ({"defaultValue": "n", "i18nValue": {"en_US": "\0"}}, r"name\.en_US: is longer .* NUL"),
        ({"defaultValue": "n" * 1025}, r"name\.defaultValue: is longer than 1024"),
    ],
)
def test_a_name_to_be_kept_is_checked(value: dict[str, object], sentence: str) -> None:
    """Somebody else's server may show worse, but we keep nothing of the kind."""
    shape = read_body(I18n, json.dumps(value).encode())

    with pytest.raises(DialectError, match=sentence) as caught:
        checked_names("name", shape)
    assert caught.value.code == 99400


@pytest.mark.parametrize(
    ("pagination", "page"),
    [
        ({}, Page()),
        ({"pageNo": 2, "pageSize": 50}, Page(2, 50)),
        ({"pageNo": "2", "pageSize": "50"}, Page(2, 50)),
        ({"pageSize": 5, "sorters": [{"field": "updateTime", "order": "DESC"}]}, Page(None, 5)),
        ({"pageNo": None}, Page()),
        ({"pageSize": 100_000}, Page(None, 100_000)),
    ],
)
def test_pages_are_read_as_they_are_sent(pagination: dict[str, object], page: Page) -> None:
    """Numbers may be strings, sorters are left alone, the maximum is the backend's to keep."""
    body = read_body(SearchBody, json.dumps({"pagination": pagination}).encode())

    assert body.pagination is not None
    assert body.pagination.page() == page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{}", r"Invalid Argument deviceKeys: is missing"),
        (b'{"deviceKeys":7}', r"Invalid Argument deviceKeys: input should be"),
        (b'{"deviceKeys":["a",7]}', r"Invalid Argument deviceKeys\.1: input should be"),
        (b"[1]", r"Invalid Argument body: input should be an object"),
        (b"", r"Invalid Argument body: invalid JSON"),
    ],
)
def test_the_first_parameter_at_fault_is_named(content: bytes, sentence: str) -> None:
    """By its path on the wire, in one sentence."""
    with pytest.raises(DialectError, match=sentence) as caught:
        read_body(KeysBody, content)
    assert caught.value.code == 99400


@given(content=st.binary(max_size=40))
def test_bytes_of_any_kind_raise_nothing_else(content: bytes) -> None:
    """A body is a search or a `DialectError`."""
    try:
        found = read_body(SearchBody, content)
    except DialectError:
        return
    assert isinstance(found, SearchBody)
