"""HTTP requests and answers that come close to a vendor's, by the tapes of `near_misses`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from fleet_sim.dialects.http import HttpPart, HttpRequest, HttpResponse
from tests.dialects.near_misses import ODD_TEXTS, TAPES, Tape, spoiled

_METHODS = ("GET", "POST", "PUT", "DELETE", "post", "", "X")
_STATUSES = (200, 200, 200, 201, 204, 400, 403, 404, 500, 503)
_EDITS_MAX = 3

Pairs = tuple[tuple[str, str], ...]


def near_requests(*samples: HttpRequest) -> st.SearchStrategy[HttpRequest]:
    """Draw requests near to the samples, all of which a gate reads as calls."""
    return TAPES.map(lambda tape: spoiled_request(samples, tape))


def near_responses(*samples: HttpResponse) -> st.SearchStrategy[HttpResponse]:
    """Draw answers near to the samples, all of which an operator reads."""
    return TAPES.map(lambda tape: spoiled_response(samples, tape))


def spoiled_request(samples: Sequence[HttpRequest], tape: Tape) -> HttpRequest:
    """Return one of the samples with one to three changes, to any part of it."""
    request: HttpRequest = tape.one_of(samples)
    for _ in range(1 + tape.below(_EDITS_MAX)):
        name = tape.one_of(("query", "query", "body", "parts", "headers", "path", "method"))
        request = replace(request, **{name: _CHANGES[name](request, samples, tape)})
    return request


def spoiled_response(samples: Sequence[HttpResponse], tape: Tape) -> HttpResponse:
    """Return one of the samples with another body, and often another status or header."""
    response: HttpResponse = tape.one_of(samples)
    status = tape.one_of((response.status, response.status, *_STATUSES))
    headers = response.headers
    if not tape.below(4):
        headers = _spoil_pairs(headers, [one for other in samples for one in other.headers], tape)
    body = spoiled((response.body,), tape) if tape.below(16) else tape.rest()
    return HttpResponse(status, body, headers)


def _query(request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape) -> Pairs:
    return _spoil_pairs(request.query, [one for other in samples for one in other.query], tape)


def _headers(request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape) -> Pairs:
    return _spoil_pairs(request.headers, [one for other in samples for one in other.headers], tape)


def _body(request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape) -> bytes:
    return spoiled((request.body,), tape) if tape.below(8) else tape.rest()


def _path(request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape) -> str:
    words = request.path.split("/")
    words[tape.below(len(words))] = _text(tape)
    other: str = tape.one_of(samples).path
    path: str = tape.one_of(("/".join(words), other, request.path + _text(tape), _text(tape)))
    return path


def _method(request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape) -> str:
    method: str = tape.one_of(_METHODS)
    return method


def _parts(
    request: HttpRequest, samples: Sequence[HttpRequest], tape: Tape
) -> tuple[HttpPart, ...]:
    parts = list(request.parts)
    at, how = tape.below(len(parts)), tape.below(5)
    match how if parts else 4:
        case 0:
            del parts[at]
        case 1:
            parts.append(parts[at])
        case 2:
            parts[at] = replace(parts[at], name=_text(tape), file_name=None)
        case 3:
            parts[at] = replace(parts[at], content=spoiled((parts[at].content,), tape))
        case _:
            parts.append(HttpPart(_text(tape), tape.rest(), _text(tape)))
    return tuple(parts)


def _spoil_pairs(pairs: Pairs, known: list[tuple[str, str]], tape: Tape) -> Pairs:
    """Change, drop, double or add one pair; `known` ones are those of all samples."""
    found = list(pairs)
    at, how = tape.below(len(found)), tape.below(6)
    match how if found else 5:
        case 0 | 1:
            found[at] = (found[at][0], _text(tape))
        case 2:
            del found[at]
        case 3:
            found.insert(at, (found[at][0], _text(tape)))
        case 4:
            found[at] = (_text(tape), found[at][1])
        case _:
            found.append((tape.one_of(known or [("x", "")])[0], _text(tape)))
    return tuple(found)


def _text(tape: Tape) -> str:
    text: str = tape.rest().decode("latin-1") if not tape.below(4) else tape.one_of(ODD_TEXTS)
    return text


_CHANGES: dict[str, Any] = {
    "query": _query,
    "body": _body,
    "parts": _parts,
    "headers": _headers,
    "path": _path,
    "method": _method,
}
