"""One wrong request, and how it is put together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fleet_sim.dialects.http import HttpPart, HttpRequest

ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Hostile:
    """A wrong request.

    Attributes:
        name: What is wrong with it.
        path: The resource.
        action: Its action; "" for a request without one.
        query: The other parameters.
        body: Bytes as they are, an object to be sent as JSON, or nothing.
        code: The code that must come back.
        judge: Who refuses it.
        parts: The parts of an upload.
    """

    name: str
    path: str
    action: str
    query: Mapping[str, str]
    body: bytes | Mapping[str, Any] | None
    code: int
    judge: Literal["gate", "backend"] = "gate"
    parts: tuple[HttpPart, ...] = ()

    def request(self, ids: Mapping[str, str]) -> HttpRequest:
        """Return the request with its placeholders filled in."""
        action = (("action", self.action),) if self.action else ()
        query = tuple((name, _filled(value, ids)) for name, value in self.query.items())
        body = self.body
        if not isinstance(body, bytes):
            body = b"" if body is None else _filled(json.dumps(body), ids).encode()
        return HttpRequest("POST", self.path, (*action, *query), body=body, parts=self.parts)


def _filled(text: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with some keys changed, and those set to ABSENT gone."""
    return {key: value for key, value in {**base, **changes}.items() if value is not ABSENT}


ORG = {"orgId": "{org}"}
