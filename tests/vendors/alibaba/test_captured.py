"""Every byte that an SDK signs counts: whatever is changed on the way, the call is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.runtime.platforms import running
from tests.vendors.alibaba.captured import Captured, captured, changed, other
from tests.vendors.alibaba.operators import KINDS, NEWER, Kind, operating
from tests.vendors.proxy import proxied

pytestmark = pytest.mark.timeout(600)  # The first test of a machine makes the environments.

WRONG = (400, "SignatureDoesNotMatch")
# What is looked at before the signature has a code of its own.
SOONER = {
    "AccessKeyId": (404, "InvalidAccessKeyId.NotFound"),
    "authorization": (400, "SignatureDoesNotMatch"),
    "SignatureMethod": (400, "InvalidParameter"),
    "Version": (400, "InvalidVersion"),
    "x-acs-version": (400, "InvalidVersion"),
}


async def one_call(ready: dict[str, str], kind: Kind, folder: Path) -> Captured:
    """Let an SDK ask for the tasks of a job that is not there; return what it sent."""
    async with proxied(ready["http"]) as proxy:
        here = f"http://127.0.0.1:{proxy.port}"
        async with operating({**ready, "http": here}, folder, kind) as operator:
            answer = await operator.ask("ListOTATaskByJob", JobId="j*1", CurrentPage=1, PageSize=10)
    assert (answer["Success"], answer["Code"]) == (False, "iot.ota.JobNotExisted")
    return captured(bytes(proxy.sent[0]))


def signed_headers(call: Captured) -> frozenset[str]:
    """Return the names of the headers that a call signs, and of the one it signs in."""
    claim = dict(call.headers).get("authorization", "")
    _, _, rest = claim.partition("SignedHeaders=")
    return (
        frozenset({*rest.partition(",")[0].split(";"), "authorization"}) if claim else frozenset()
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_changed_byte_is_refused(kind: Kind, tmp_path: Path) -> None:
    """Wherever it is, by the documented code; then the call as it was is a call used twice."""
    async with running(dialect="alibaba", signed_only=True) as ready:
        call = await one_call(dict(ready), kind, tmp_path)
        headers = signed_headers(call)
        found = [(name, await wrong.send(ready["http"])) for name, wrong in changed(call, headers)]
        again = await call.send(ready["http"])

    names = {name for name, _ in found}
    assert names >= {"JobId", "CurrentPage", "PageSize"}
    assert names >= (headers or {"Signature", "SignatureNonce", "Timestamp", "Action"})
    assert found == [(name, SOONER.get(name, WRONG)) for name, _ in found]
    assert again == (400, "SignatureNonceUsed")


async def test_a_body_that_was_not_signed_is_refused(tmp_path: Path) -> None:
    """Its hash is among the signed headers."""
    async with running(dialect="alibaba", signed_only=True) as ready:
        call = await one_call(dict(ready), NEWER, tmp_path)
        longer = await replace(call, body=b"x").send(ready["http"])

    assert longer == WRONG


def test_one_character_is_changed() -> None:
    """To another of its kind, so that nothing but the signature can mind."""
    assert [other(text) for text in ("a10b", "ab", "2024-11-19T09:47:43Z")] == [
        "a11b",
        "ac",
        "2024-11-19T09:47:42Z",
    ]


def test_a_call_is_read_from_the_wire() -> None:
    """Decoded, with its body, and without the length that its body gives it anew."""
    sent = b"POST /?a=1%202&b= HTTP/1.1\r\nHost: h:1\r\nContent-Length: 2\r\n\r\nxy"

    call = captured(sent)

    assert call == Captured("POST", (("a", "1 2"), ("b", "")), (("host", "h:1"),), b"xy")
    assert [name for name, _ in changed(call, frozenset({"host"}))] == ["a", "host"]
