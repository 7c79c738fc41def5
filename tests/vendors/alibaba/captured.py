"""A call as an SDK has sent it: read from the wire, changed in one place, and sent again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
from yarl import URL

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Captured:
    """One call.

    Attributes:
        method: HTTP's.
        pairs: The parameters of its query, decoded.
        headers: In order, with their names in lower case.
        body: Its bytes.
    """

    method: str
    pairs: Pairs
    headers: Pairs
    body: bytes

    async def send(self, url: str) -> tuple[int, str]:
        """Send it to a platform; return HTTP's status and the API's code."""
        where = f"{url}/?{urlencode(self.pairs, quote_via=quote)}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                self.method, URL(where, encoded=True), headers=self.headers, data=self.body
            ) as response,
        ):
            return response.status, (await response.json())["Code"]


def captured(sent: bytes) -> Captured:
    """Read the one call that a client has made on a connection."""
    head, _, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = (
        (name.lower(), value.strip()) for name, _, value in (x.partition(":") for x in lines)
    )
    return Captured(
        method,
        tuple(parse_qsl(urlsplit(target).query, keep_blank_values=True)),
        tuple(pair for pair in headers if pair[0] != "content-length"),
        body,
    )


def changed(call: Captured, headers: frozenset[str]) -> Iterator[tuple[str, Captured]]:
    """Yield the name of each parameter and each of these headers, and the call with it changed."""
    for at, (name, value) in enumerate(call.pairs):
        if value:
            pairs = (*call.pairs[:at], (name, other(value)), *call.pairs[at + 1 :])
            yield name, replace(call, pairs=pairs)
    for at, (name, value) in enumerate(call.headers):
        if name in headers:
            pairs = (*call.headers[:at], (name, other(value)), *call.headers[at + 1 :])
            yield name, replace(call, headers=pairs)


def other(text: str) -> str:
    """Change one character: the last digit there is to its neighbour, else the last letter."""
    at = max((n for n, letter in enumerate(text) if letter.isdigit()), default=len(text) - 1)
    return f"{text[:at]}{chr(ord(text[at]) ^ 1)}{text[at + 1 :]}"
