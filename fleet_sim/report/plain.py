"""Text from devices and servers made harmless before a person or a parser meets it.

A `desc` is whatever somebody's firmware put into it. In a terminal an escape sequence could rewrite
the verdict; in XML one stray control character makes the whole document unreadable.
"""

from __future__ import annotations

import re

# Unicode's control and format characters that act on a terminal or on the order of what is read:
# C0 and C1, soft hyphen's kin, line and paragraph separators, direction overrides, and surrogates
# that no encoding has. A line end is among them: one value is one line.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
# Source: XML 1.0, fifth edition, production [2] Char.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What a terminal without Unicode gets in the place of our own signs.
_PLAIN_SIGNS = str.maketrans({"✓": "+", "✗": "x", "·": "-", "…": "."})


def printable(text: str) -> str:
    r"""Return a text whose acting characters show as escapes, `\x1b`; letters stay as they are."""
    return _ACTING.sub(lambda found: _escape(found[0]), text)


def xml_text(text: str) -> str:
    """Return a text without the characters that XML 1.0 cannot hold, not even as references.

    They are left out rather than escaped: a reader of a report looks for words.
    """
    return _NOT_XML.sub("", text)


def ascii_text(text: str) -> str:
    """Return a text in ASCII: our own signs in a plain form, any other letter as `?`."""
    return text.translate(_PLAIN_SIGNS).encode("ascii", "replace").decode("ascii")


def _escape(character: str) -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(
        character,
        f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}",  # noqa: PLR2004 - two hex digits
    )
