"""Message ids: text in the neutral words, a string or a number on the wire.

The pages have a string, and both SDKs send a number in most messages; a reply has to echo what
came, and no codec keeps state. So the neutral text tells how the id stood on the wire:

    on the wire    neutral
    "19"           19
    19             #19
    "#19"          =#19        a string that looks like the mark of a number
    "=#19"         ==#19       and so on

The older form of a query is answered on the older topic, so the id tells that as well: an `@`
before all the rest, and again an `=` before an id that begins so by itself.
"""

from __future__ import annotations

import re

from fleet_sim.dialects.fields import Fields, Number, read_string, read_whole

_MARKED = re.compile(r"(=*)#(0|-?[1-9][0-9]{0,17})", re.ASCII)
_OLDER = re.compile(r"=*@", re.ASCII)


def read_id(body: Fields) -> str:
    """Return the neutral form of a message's id; "" where it has none.

    Raises:
        DialectError: It is no string and no whole number.
    """
    if isinstance(body.get("id"), Number):
        return f"#{read_whole(body, 'id')}"
    text = read_string(body, "id", default="")
    return f"={text}" if _MARKED.fullmatch(text) else text


def write_id(message_id: str) -> str | int:
    """Return what stands on the wire: what `read_id` read."""
    marked = _MARKED.fullmatch(message_id)
    if marked is None:
        return message_id
    return message_id[1:] if marked[1] else int(marked[2])


def query_id(message_id: str, *, is_older: bool) -> str:
    """Add to the id of a query which of the two topics it came on."""
    if is_older:
        return f"@{message_id}"
    return f"={message_id}" if _OLDER.match(message_id) else message_id


def split_query_id(query: str) -> tuple[str, bool]:
    """Return the id of a query, and whether it came on the older topic."""
    if query.startswith("@"):
        return query[1:], True
    return (query[1:] if _OLDER.match(query) else query), False
