from __future__ import annotations

from fleet_sim.dialects.wire import DialectError, WireMessage


def test_a_dialect_error_reads_as_its_sentence() -> None:
    """The text is what a person sees; the number and the message stand apart."""
    error = DialectError("step is missing", code=1220, message_id="7")

    assert (str(error), error.code, error.message_id) == ("step is missing", 1220, "7")


def test_a_dialect_error_needs_neither_number_nor_message() -> None:
    """Where the vendor has no number, there is none."""
    error = DialectError("no OTA topic")

    assert (error.code, error.message_id) == (None, None)


def test_a_mistake_can_be_told_of_its_message() -> None:
    """What it is and its number stay."""
    error = DialectError("step is missing", code=1220).about("7")

    assert (str(error), error.code, error.message_id) == ("step is missing", 1220, "7")


def test_a_mistake_gets_a_number_only_where_it_has_none() -> None:
    """That of the vendor's codec, unless what found it knew better."""
    assert DialectError("step is missing").about("7", code=1220).code == 1220
    assert DialectError("too large", code=1008).about(code=1220).code == 1008
    assert DialectError("no", code=0).about(code=1220).code == 0


def test_wire_messages_go_at_least_once_by_default() -> None:
    """The SDKs publish with QoS 1."""
    assert WireMessage("t", b"") == WireMessage("t", b"", qos=1)
