"""Client libraries nobody here wrote, each before both brokers: everything they can do in 3.1.1.

Mosquitto shows that a test asks for nothing strange.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from fleet_sim.runtime.mqtt_client import client_tls
from tests.conformance.aiomqtt_stranger import AiomqttStranger
from tests.conformance.embedded import embedded
from tests.conformance.gmqtt_stranger import GmqttStranger
from tests.conformance.octets import Will
from tests.conformance.paho_stranger import PahoStranger
from tests.conformance.stage import Stage
from tests.conformance.strangers import Heard, Options, RefusedError, Stranger, heard_by
from tests.runtime.certificates import issue

LIBRARIES: dict[str, Callable[[Options], Stranger]] = {
    "paho": PahoStranger,
    "aiomqtt": AiomqttStranger,
    "gmqtt": GmqttStranger,
}
LARGE = bytes(range(256)) * 1024

Arrive = Callable[..., Awaitable[Stranger]]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    """Ask the same of each library."""
    name: str = request.param
    return name


@contextlib.asynccontextmanager
async def strangers(library: str, port: int, stage: Stage | None = None) -> AsyncIterator[Arrive]:
    """Connect clients of a library by `await arrive(word, …)`; all of them leave at the end."""
    here: list[Stranger] = []

    async def arrive(word: str, **options: object) -> Stranger:
        client_id = stage.name(word) if stage is not None else word
        stranger = LIBRARIES[library](Options(port, client_id, **options))  # type: ignore[arg-type]
        await stranger.connect()
        here.append(stranger)
        return stranger

    try:
        yield arrive
    finally:
        for stranger in here:
            await stranger.leave()


async def settled(client: Stranger) -> None:
    """Return when what a client has heard is acknowledged, else it would come once more.

    Paho shows a message before it acknowledges it, in a thread of its own. The first answer shows
    that the thread has come past the acknowledgement, the second that the broker has it.
    """
    for _ in range(2):
        await client.unsubscribe("nothing")


@pytest.mark.parametrize("granted", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
async def test_every_qos_works_both_ways(
    stage: Stage, library: str, published: int, granted: int
) -> None:
    """The message is whole, and comes at the lower QoS of the two."""
    topic = stage.name("topic")
    async with strangers(library, stage.port, stage) as arrive:
        listener, speaker = await arrive("listener"), await arrive("speaker")
        assert await listener.subscribe(topic, granted) == granted

        await speaker.publish(topic, b"\x00\xff", published)

        assert await listener.next() == Heard(topic, b"\x00\xff", min(published, granted))


async def test_retained_messages_are_kept_and_cleared(stage: Stage, library: str) -> None:
    """Who comes late gets the last one, until an empty one clears it."""
    topic = stage.name("topic")
    async with strangers(library, stage.port, stage) as arrive:
        speaker = await arrive("speaker")
        await speaker.publish(topic, b"first", 1, retain=True)
        await speaker.publish(topic, b"last", 1, retain=True)
        late = await arrive("late")
        await late.subscribe(topic, 1)
        assert await late.next() == Heard(topic, b"last", 1, retain=True)

        await speaker.publish(topic, b"", 1, retain=True)
        assert await late.next() == Heard(topic, b"", 1)
        later = await arrive("later")
        await later.subscribe(topic, 1)

        await speaker.publish(topic, b"live", 1)
        assert await later.next() == Heard(topic, b"live", 1)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_will_is_published_for_who_vanishes(stage: Stage, library: str, qos: int) -> None:
    """And for nobody who leaves in good order."""
    topic = stage.name("wills")
    async with strangers(library, stage.port, stage) as arrive:
        watcher = await arrive("watcher")
        await watcher.subscribe(topic, qos)
        polite = await arrive("polite", will=Will(topic, b"never", qos))
        rude = await arrive("rude", will=Will(topic, b"gone", qos, retain=True))

        await polite.leave()
        await rude.vanish()

        assert await watcher.next() == Heard(topic, b"gone", qos)
        await watcher.subscribe(topic, qos)
        assert await watcher.next() == Heard(topic, b"gone", qos, retain=True)


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("ending", ["leave", "vanish"])
async def test_a_session_keeps_messages_for_its_client(
    stage: Stage, library: str, ending: str, qos: int
) -> None:
    """In their order, twice in a row; the subscription is not asked for again."""
    topic = stage.name("topic")
    async with strangers(library, stage.port, stage) as arrive:
        speaker = await arrive("speaker")
        client = await arrive("client", clean=False)
        await client.subscribe(topic, 2)

        for turn in range(2):
            await getattr(client, ending)()
            payloads = [b"%d.%d" % (turn, number) for number in range(6)]
            for payload in payloads:
                await speaker.publish(topic, payload, qos)
            client = await arrive("client", clean=False)

            heard = await heard_by(client, 6)
            assert heard == [Heard(topic, payload, qos) for payload in payloads]
            await settled(client)
        await speaker.publish(topic, b"live", 1)
        assert await client.next() == Heard(topic, b"live", 1)


async def test_a_clean_session_keeps_nothing(stage: Stage, library: str) -> None:
    """Neither messages nor subscriptions."""
    topic, other = stage.name("topic"), stage.name("other")
    async with strangers(library, stage.port, stage) as arrive:
        speaker = await arrive("speaker")
        client = await arrive("client")
        await client.subscribe(topic, 2)
        await client.leave()
        await speaker.publish(topic, b"missed", 2)

        client = await arrive("client")
        await speaker.publish(topic, b"unsubscribed", 2)
        await client.subscribe(other, 1)
        await speaker.publish(other, b"heard", 1)

        assert await client.next() == Heard(other, b"heard", 1)


async def test_wildcards_work(stage: Stage, library: str) -> None:
    """One level, all levels; what they do not cover does not come."""
    first = stage.name("a")
    async with strangers(library, stage.port, stage) as arrive:
        client = await arrive("client")
        await client.subscribe(f"{first}/+/x", 1)
        await client.subscribe(f"{first}/all/#", 1)

        for topic in ("1/x", "1/y", "1/2/x", "all", "all/1/2", "2/x"):
            await client.publish(f"{first}/{topic}", b"", 1)

        heard = [message.topic for message in await heard_by(client, 4)]
        assert heard == [f"{first}/{topic}" for topic in ("1/x", "all", "all/1/2", "2/x")]


async def test_shared_subscriptions_divide_messages(stage: Stage, library: str) -> None:
    """Two members get half each, in their order."""
    topic = stage.name("topic")
    async with strangers(library, stage.port, stage) as arrive:
        members = [await arrive(word) for word in ("one", "two")]
        for member in members:
            assert await member.subscribe(f"$share/group/{topic}", 1) == 1
        speaker = await arrive("speaker")

        for number in range(10):
            await speaker.publish(topic, b"%d" % number, 1)

        halves = [[m.payload for m in await heard_by(member, 5)] for member in members]
        assert halves == [sorted(half) for half in halves]
        assert sorted(halves[0] + halves[1]) == [b"%d" % number for number in range(10)]


async def test_unsubscribing_works(stage: Stage, library: str) -> None:
    """What was unsubscribed comes no more, the rest does."""
    one, two = stage.name("one"), stage.name("two")
    async with strangers(library, stage.port, stage) as arrive:
        client = await arrive("client")
        await client.subscribe(one, 1)
        await client.subscribe(two, 1)

        await client.unsubscribe(one)
        await client.publish(one, b"x", 1)
        await client.publish(two, b"x", 1)

        assert await client.next() == Heard(two, b"x", 1)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_large_messages_work(stage: Stage, library: str, qos: int) -> None:
    """256 KiB, both ways."""
    topic = stage.name("topic")
    async with strangers(library, stage.port, stage) as arrive:
        client = await arrive("client")
        await client.subscribe(topic, qos)

        await client.publish(topic, LARGE, qos)

        assert await client.next() == Heard(topic, LARGE, qos)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_thousand_messages_come_in_order(stage: Stage, library: str, qos: int) -> None:
    """As fast as the library can.

    gmqtt has no window of its own, and Mosquitto loses what of QoS 2 is above its own of 20; see
    "messages released late" in the differences.
    """
    topic = stage.name("topic")
    count = 20 if (stage.broker, library, qos) == ("mosquitto", "gmqtt", 2) else 1000
    payloads = [b"%d" % number for number in range(count)]
    async with strangers(library, stage.port, stage) as arrive:
        listener, speaker = await arrive("listener"), await arrive("speaker")
        await listener.subscribe(topic, qos)

        await speaker.publish_all(topic, payloads, qos)

        assert [message.payload for message in await heard_by(listener, count)] == payloads


async def test_passwords_are_looked_at(guarded: Stage, library: str) -> None:
    """The right one lets in, a wrong one and none do not."""
    async with strangers(library, guarded.port, guarded) as arrive:
        client = await arrive("right", username="writer", password="writing")
        await client.subscribe("open/it", 1)
        await client.publish("open/it", b"in", 1)
        assert await client.next() == Heard("open/it", b"in", 1)

        with pytest.raises(RefusedError):
            await arrive("wrong", username="writer", password="reading")
        with pytest.raises(RefusedError):
            await arrive("none")


async def test_a_refused_filter_is_told(library: str, guarded_embedded_port: int) -> None:
    """By the code in the SUBACK; the client stays connected."""
    async with strangers(library, guarded_embedded_port) as arrive:
        client = await arrive("client", username="writer", password="writing")

        assert await client.subscribe("forbidden", 1) == 0x80
        assert await client.subscribe("open/it", 1) == 1


async def test_tls_works(library: str, tmp_path: Path) -> None:
    """Both sides show a certificate; a large message makes many records."""
    certificates = issue(tmp_path)
    context = client_tls(certificates.ca, certificates.device, certificates.device_key)
    serving = embedded(tls=certificates.for_server(wants_client=True))

    with serving as port:
        async with strangers(library, port) as arrive:
            client = await arrive("client", tls=context)
            await client.subscribe("topic", 2)

            await client.publish("topic", LARGE, 2)

            assert await client.next() == Heard("topic", LARGE, 2)


async def test_pings_keep_a_silent_client_connected(embedded_port: int) -> None:
    """All libraries at once; one that sends no pings is cut off before they are looked at.

    Four seconds, as two of the libraries look at their keep alive once a second only.
    """
    stage = Stage(embedded_port, "embedded")
    topic = stage.name("topic")
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for library in LIBRARIES:
            arrive = await stack.enter_async_context(strangers(library, stage.port, stage))
            clients.append(await arrive(library, keep_alive_s=4))
            await clients[-1].subscribe(topic, 1)

        silent = stage.client("silent", keep_alive_s=4)
        await asyncio.to_thread(silent.until_closed)
        silent.close()

        for client in clients:
            await client.publish(topic, b"still here", 1)
            assert await client.next() == Heard(topic, b"still here", 1)
