from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from tests.dialects.near_http import spoiled_request, spoiled_response
from tests.dialects.test_near_misses import tapes

_REQUEST = HttpRequest("GET", "/a/b", (("x", "1"), ("y", "2")), (("Host", "h"),), b'{"k": 1}')
_UPLOAD = HttpRequest("POST", "/up", parts=(HttpPart("file", b"fw", "fw.bin"),))


@pytest.mark.parametrize(
    "is_wanted",
    [
        lambda one: one.query == (("x", "1"),),
        lambda one: one.query == (("x", "1"), ("y", "")),
        lambda one: [name for name, _ in one.query] == ["x", "y", "y"],
        lambda one: one.path == "/a/b" and one.headers == (),
        lambda one: one.path == "/up" and not one.parts,
        lambda one: one.path.startswith("/a/") and one.path != "/a/b",
        lambda one: one.method == "DELETE",
        lambda one: one.body == b"{}",
        lambda one: [part.name for part in one.parts] == ["file", "file"],
        lambda one: one.parts and one.parts[0].file_name is None,
    ],
)
def test_any_part_of_a_request_may_be_spoiled(is_wanted: Callable[[HttpRequest], bool]) -> None:
    """Among others."""
    assert any(is_wanted(spoiled_request((_REQUEST, _UPLOAD), tape)) for tape in tapes())


@pytest.mark.parametrize(
    "is_wanted",
    [
        lambda one: one.status == 500,
        lambda one: one.status == 200 and one.headers == (),
        lambda one: one.status == 200 and one.body == b"{}",
        lambda one: b"{" not in one.body,
    ],
)
def test_any_part_of_an_answer_may_be_spoiled(is_wanted: Callable[[HttpResponse], bool]) -> None:
    """Its status, its headers, its body."""
    sample = HttpResponse(200, b'{"k": 1}')

    assert any(is_wanted(spoiled_response((sample,), tape)) for tape in tapes())
