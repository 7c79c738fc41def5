import dataclasses
import hashlib
from typing import Any, cast

import pytest

from fleet_sim.device.agent import DeviceAgent
from fleet_sim.device.events import (
    ConnectionLost,
    DownloadAdvanced,
    DownloadCut,
    DownloadFinished,
    DownloadRefused,
    Event,
    StartDownload,
)
from fleet_sim.model.firmware import FirmwareImage
from fleet_sim.network.outages import Outage
from fleet_sim.network.profiles import LinkProfile, OutageKind
from fleet_sim.runtime.fleet.download import (
    CHUNK_BYTES_MAX,
    CHUNK_BYTES_MIN,
    Download,
    Owner,
    chunk_bytes,
)
from fleet_sim.runtime.fleet.rig import Rig
from tests.runtime.lone_world import DEVICE, ENOS, LoneWorld
from tests.runtime.plans import PLAIN

CONTENT = bytes(range(250)) * 4
IMAGE = FirmwareImage("2.0", "http://h/fw", len(CONTENT), "unchecked here", "md5")
MD5, SHA256 = (hashlib.new(name, CONTENT).hexdigest() for name in ("md5", "sha256"))
WHOLE = DownloadFinished(1, 1_000, MD5, SHA256)
OWNER = Owner(DEVICE, "hunter2", ENOS)
BYTE_A_MS = dataclasses.replace(PLAIN, name="byte a ms", down_kbps=8)


class Listener:
    """An agent that only listens."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def handle(self, event: Event, now_ms: int) -> tuple[()]:
        """Take note."""
        self.heard.append(event)
        return ()


def order(offset: int = 0, attempt: int = 1, **changes: Any) -> StartDownload:  # noqa: ANN401
    """Return what an agent asks for."""
    return dataclasses.replace(StartDownload(IMAGE, attempt, offset, ()), **changes)


class Scene:
    """A rig whose agent only listens, and one download."""

    def __init__(self, first: StartDownload, link: LinkProfile = PLAIN) -> None:
        self.world = LoneWorld()
        self.agent = Listener()
        self.rig: Rig = self.world.rig(link=link)
        self.rig.agent = cast(DeviceAgent, self.agent)  # all that a download needs of it
        chunk = chunk_bytes(link.down_kbps)
        self.download = Download(
            first, self.world, self.rig.line, self.rig.feed, owner=OWNER, chunk=chunk
        )

    def start(self, wanted: StartDownload, status: int = 200) -> None:
        """Ask, and have the file server answer."""
        self.download.start(wanted, self.world.clock.now_ms() + 10)
        self.pass_time(10)
        self.world.transfers[-1].listener.on_response(status)

    def send(self, content: bytes) -> None:
        """Have the file server send some bytes, and see them arrive."""
        self.world.transfers[-1].send(content)
        self.pass_time(100)

    def end(self, why: str = "") -> None:
        """Have the file server end the transfer."""
        self.world.transfers[-1].listener.on_end(why)
        self.pass_time(100)

    def pass_time(self, ms: int) -> None:
        """Let some time pass."""
        self.world.run(self.world.clock.now_ms() + ms)


def scene(link: LinkProfile = PLAIN, **changes: Any) -> Scene:  # noqa: ANN401 - fields of an order
    """Return a scene in which the file server has answered 200."""
    wanted = order(**changes)
    made = Scene(wanted, link)
    made.start(wanted)
    return made


@pytest.mark.parametrize(
    ("down_kbps", "wanted"),
    [(0.1, CHUNK_BYTES_MIN), (100, 3_125), (94_000, CHUNK_BYTES_MAX), (46.72, CHUNK_BYTES_MIN)],
)
def test_a_slow_link_reads_in_smaller_pieces(down_kbps: float, wanted: int) -> None:
    """A quarter of a second's worth, within a segment and one read of a socket."""
    assert chunk_bytes(down_kbps) == wanted


def test_a_whole_file_ends_in_its_digests() -> None:
    """In the image's own method, and as SHA-256 for the log."""
    one = scene()

    one.send(CONTENT[:600])
    one.send(CONTENT[600:])

    assert one.agent.heard == [WHOLE]
    assert not one.world.transfers[0].is_open


def test_a_sha256_image_has_one_digest() -> None:
    """It is both, and computed once."""
    one = scene(image=dataclasses.replace(IMAGE, digest_method="sha256"))

    one.send(CONTENT)

    assert one.agent.heard == [DownloadFinished(1, 1_000, SHA256, SHA256)]


def test_the_request_names_the_file_the_offset_and_the_piece() -> None:
    """Once the connection to the file server is open, not before."""
    one = Scene(order())
    one.download.start(order(), 25)

    one.world.run(24)
    assert one.world.transfers == []
    one.world.run(25)

    (transfer,) = one.world.transfers
    assert (transfer.at_ms, transfer.url) == (25, "http://h/fw")
    assert (transfer.offset, transfer.chunk) == (0, chunk_bytes(PLAIN.down_kbps))


def test_bytes_arrive_at_the_links_own_pace() -> None:
    """Half a round trip after they have left the link's far end free, when the next are wanted.

    So a slow link pushes back on the server, and is never idle while there is more.
    """
    one = scene(link=BYTE_A_MS)
    started_ms = one.world.clock.now_ms()

    one.world.transfers[0].send(CONTENT[:400])
    one.pass_time(404)
    assert (one.download.held_bytes, one.world.transfers[0].wanted) == (0, [started_ms + 400])
    one.pass_time(1)

    assert one.download.held_bytes == 400


def test_the_marks_are_told_once_each() -> None:
    """The newest count, however many marks a piece has passed; none of them twice."""
    one = scene(notify_at=(250, 500, 750))

    for start in range(0, 900, 300):
        one.send(CONTENT[start : start + 300])

    assert one.agent.heard == [
        DownloadAdvanced(1, 300),
        DownloadAdvanced(1, 600),
        DownloadAdvanced(1, 900),
    ]


def test_a_cut_keeps_what_is_held_and_the_next_transfer_goes_on_from_there() -> None:
    """The digests are of all the bytes, over both transfers."""
    one = scene()
    one.send(CONTENT[:333])

    one.end("connection reset")
    one.start(order(333), 206)
    one.send(CONTENT[333:])

    assert one.world.transfers[1].offset == 333
    assert one.agent.heard == [DownloadCut(1, 333, "connection reset"), WHOLE]


def test_a_server_that_ignores_the_range_starts_anew() -> None:
    """A 200 brings the whole file; what was held is of no use."""
    one = scene()
    one.send(CONTENT[:333])
    one.download.cut("link down")

    one.start(order(333), 200)
    one.send(CONTENT)

    assert one.agent.heard == [DownloadCut(1, 333, "link down"), WHOLE]


def test_a_sha256_image_starts_anew_with_one_digest_too() -> None:
    """The digest of what was held is gone with it."""
    image = dataclasses.replace(IMAGE, digest_method="sha256")
    one = scene(image=image)
    one.send(CONTENT[:333])
    one.download.cut("link down")

    one.start(order(333, image=image), 200)
    one.send(CONTENT)

    assert one.agent.heard[-1] == DownloadFinished(1, 1_000, SHA256, SHA256)


def test_a_body_that_ends_early_is_a_cut() -> None:
    """The server had nothing more to send; what it sent still arrives, and is not enough."""
    one = scene()
    one.world.transfers[0].send(CONTENT[:10])

    one.end()

    assert one.agent.heard == [DownloadCut(1, 10, "the server closed early")]


@pytest.mark.parametrize("status", [404, 416, 500, 503])
def test_an_answer_without_a_file_is_refused(status: int) -> None:
    """Its body is not taken for firmware."""
    wanted = order()
    one = Scene(wanted)
    one.start(wanted, status)

    one.send(b"<html>not found</html>")

    assert one.agent.heard == [DownloadRefused(1, status)]
    assert not one.world.transfers[0].is_open


def test_bytes_that_flip_are_in_both_digests() -> None:
    """So the log tells what the device really holds."""
    spoilt = bytes([CONTENT[0] ^ 0b111, *CONTENT[1:]])
    one = scene(flip_bits=3)

    one.send(CONTENT[:600])
    one.send(CONTENT[600:])

    md5, sha256 = (hashlib.new(name, spoilt).hexdigest() for name in ("md5", "sha256"))
    assert one.agent.heard == [DownloadFinished(1, 1_000, md5, sha256)]


def test_more_bits_than_the_first_piece_has_flip_all_of_it() -> None:
    """No piece is too short to be spoilt."""
    one = scene(flip_bits=1_024)
    one.send(CONTENT[:2])
    one.send(CONTENT[2:])

    (finished,) = one.agent.heard
    spoilt = bytes([CONTENT[0] ^ 0xFF, CONTENT[1] ^ 0xFF, *CONTENT[2:]])
    assert isinstance(finished, DownloadFinished)
    assert finished.sha256 == hashlib.sha256(spoilt).hexdigest()


def test_another_attempt_forgets_what_the_last_one_left() -> None:
    """It begins at the first byte."""
    one = scene()
    one.send(CONTENT[:333])
    one.download.cut("link down")

    one.start(order(0, attempt=2))
    one.send(CONTENT)

    assert one.world.transfers[1].offset == 0
    assert one.agent.heard[-1] == dataclasses.replace(WHOLE, attempt=2)


def test_an_offset_that_is_not_what_is_held_starts_anew() -> None:
    """Bytes of which the agent knows nothing cannot be gone on from."""
    one = scene()
    one.send(CONTENT[:333])
    one.download.cut("link down")

    one.start(order(200), 200)
    one.send(CONTENT)

    assert one.world.transfers[1].offset == 0
    assert one.agent.heard[-1] == WHOLE


def test_what_an_old_transfer_still_brings_is_not_heard() -> None:
    """Neither its bytes on the link, nor its end, nor its status."""
    one = scene(link=BYTE_A_MS)
    old = one.world.transfers[0]
    old.send(CONTENT[:300])
    one.download.cut("link down")

    old.send(CONTENT[:300])
    old.listener.on_end("reset")
    old.listener.on_response(500)
    one.pass_time(1_000)

    assert one.agent.heard == [DownloadCut(1, 0, "link down")]
    assert one.download.held_bytes == 0
    assert old.wanted == []
    assert not old.is_open


def test_a_transfer_given_up_before_it_began_is_never_asked_for() -> None:
    """The connection to the file server was still being opened."""
    one = Scene(order())
    one.download.start(order(), 50)

    one.download.close()
    one.world.run(1_000)

    assert one.world.transfers == []
    assert one.agent.heard == []


def test_a_cut_without_a_transfer_says_nothing() -> None:
    """A transfer ends once: what is over cannot break."""
    one = scene()
    one.send(CONTENT)

    one.download.cut("link down")
    one.download.cut("link down")

    assert one.agent.heard == [WHOLE]


def test_a_half_open_link_stalls_the_transfer_too() -> None:
    """Nothing arrives, not even its end, until the device gives the connection up."""
    one = scene()
    one.rig.start()
    one.rig.line.connect()
    one.pass_time(100)
    now_ms = one.world.clock.now_ms()
    one.rig.line.impose(Outage(now_ms, now_ms + 600_000, OutageKind.HALF_OPEN))
    one.pass_time(1)

    one.rig._download = one.download
    one.send(CONTENT[:333])
    one.end("reset")
    assert one.download.held_bytes == 0
    one.rig.line.lose("no answer to a ping")

    lost = ConnectionLost("no answer to a ping")
    assert one.agent.heard[-2:] == [lost, DownloadCut(1, 0, "no answer to a ping")]


def test_the_world_is_told_whose_download_it_is() -> None:
    """Where the device has to log in, it does so with its own secret, which is never printed."""
    one = scene()

    assert one.world.transfers[0].owner == OWNER
    assert "hunter2" not in repr(OWNER)
