"""HTTP requests and answers as values; `runtime` carries them over sockets or memory."""

from __future__ import annotations

from dataclasses import dataclass, field

JSON_CONTENT_TYPE = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class HttpPart:
    """One part of a `multipart/form-data` body; a part with a file name is a file."""

    name: str
    content: bytes = field(repr=False)
    file_name: str | None = None
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request.

    Attributes:
        method: `GET`, `POST`, …
        path: Absolute, without the query, decoded.
        query: Names and values in the order sent, decoded; a name may come twice.
        headers: Names and values; names are compared without case. They may hold secrets.
        body: The raw body; empty when there are `parts`.
        parts: The parts of a multipart body; the carrier writes the boundaries.
        origin: Scheme, host and port where they are not those of the carrier's own server; else "".
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = b""
    parts: tuple[HttpPart, ...] = ()
    origin: str = ""

    def header(self, name: str) -> str:
        """Return the first header of this name, or ""."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer; `headers` say what the body is."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", JSON_CONTENT_TYPE),)

    def header(self, name: str) -> str:
        """Return the first header of this name, or ""."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True)
class HttpFile:
    """An answer that is a kept firmware file; its carrier serves it, ranges and all."""

    firmware_id: str
    file_name: str


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), "")
