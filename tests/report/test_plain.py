from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from fleet_sim.report.plain import ascii_text, printable, xml_text

# Any code point at all, lone surrogates included.
_ANYTHING = st.text(st.characters(exclude_categories=()))


def test_escape_sequences_show_instead_of_acting() -> None:
    """A firmware's desc cannot rewrite the verdict above it."""
    assert printable("\x1b[2Jok\r\n\tnul\x00 bidi\u202e") == (
        "\\x1b[2Jok\\r\\n\\tnul\\x00 bidi\\u202e"
    )


def test_letters_stay_as_they_are() -> None:
    """Other people's languages are no attack, and their emoji neither."""
    assert printable("für 电表 🚀 é") == "für 电表 🚀 é"


@given(_ANYTHING)
def test_printable_text_is_one_harmless_line(text: str) -> None:
    """Whatever comes in, what goes out can be encoded, is one line, and rich strips nothing."""
    shown = printable(text)

    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert Text(shown).plain == shown


@given(_ANYTHING)
def test_printable_text_is_stable(text: str) -> None:
    """Made harmless twice is made harmless once."""
    assert printable(printable(text)) == printable(text)


@given(_ANYTHING)
def test_xml_text_is_read_by_a_parser(text: str) -> None:
    """Python's own parser takes the text once its markup is escaped."""
    escaped = xml_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    fromstring(f"<text>{escaped}</text>")  # noqa: S314 - our own text


def test_xml_text_leaves_out_only_what_xml_cannot_hold() -> None:
    """NUL, escape, a lone surrogate and two non-characters go; tab, newline and emoji stay."""
    assert xml_text("a\x00b\x1bc\ud800d\ufffee\uffff\t\n🚀\x7f") == "abcde\t\n🚀\x7f"


@given(_ANYTHING)
def test_ascii_text_is_ascii_of_the_same_length(text: str) -> None:
    """One sign for one sign, so that columns stay columns."""
    assert ascii_text(text).isascii()
    assert len(ascii_text(text)) == len(text)


def test_our_own_signs_have_a_plain_form() -> None:
    """A tick and a cross stay apart without Unicode."""
    assert ascii_text("✓ ✗ · … é") == "+ x - . ?"
