import pytest

from tests.runtime.fake_transport import FakeTransport


def test_a_fake_transport_remembers() -> None:
    """What was written, and how it ended; after that, writing is an error."""
    transport = FakeTransport()
    transport.write(b"a")
    transport.set_write_buffer_limits(1)

    assert (transport.writes, transport.is_closing()) == ([b"a"], False)
    assert transport.get_extra_info("peername") == ("192.0.2.1", 5_000)
    assert transport.get_extra_info("socket", 7) == 7
    transport.close()
    assert (transport.ended, transport.is_closing()) == ("closed", True)
    with pytest.raises(AssertionError):
        transport.write(b"b")
    transport.abort()
    assert transport.ended == "aborted"
