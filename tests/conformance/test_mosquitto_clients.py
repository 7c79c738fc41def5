"""Mosquitto's own clients before both brokers, and the helper that runs them."""

from pathlib import Path

import pytest

from tests.conformance.embedded import embedded
from tests.conformance.mosquitto_clients import (
    program_or_skip,
    publish_with,
    subscribe_with,
    subscriber,
)
from tests.conformance.octets import Message, Will
from tests.conformance.stage import Stage
from tests.runtime.certificates import issue


@pytest.mark.parametrize(
    ("in_ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_program_skips_but_fails_in_ci(
    in_ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where it is promised, its absence is no excuse."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", in_ci)

    with pytest.raises(outcome, match="mosquitto_sub is not installed"):
        program_or_skip("mosquitto_sub")


def test_a_line_that_never_comes_is_told(embedded_port: int) -> None:
    """With all that came instead."""
    with subscriber(embedded_port, "-t", "t", "-E") as reader:
        with pytest.raises(AssertionError, match=r"b'nonsense' never came: .*sending DISCONNECT"):
            reader.await_line(b"nonsense")
        assert reader.rest() == b""


def test_a_wrong_exit_code_is_told(embedded_port: int) -> None:
    """In the program's own words."""
    with pytest.raises(AssertionError, match="Invalid publish topic"):
        publish_with(embedded_port, "-t", "a/#", "-m", "x")


@pytest.mark.parametrize("granted", ["0", "1", "2"])
@pytest.mark.parametrize("published", ["0", "1", "2"])
def test_every_qos_works(stage: Stage, published: str, granted: str) -> None:
    """The one prints what the other was told to say, at the lower QoS."""
    topic = stage.name("topic")
    with subscriber(
        stage.port, "-t", topic, "-q", granted, "-C", "1", "-F", "%t %q %r %p"
    ) as reader:
        publish_with(stage.port, "-t", topic, "-q", published, "-m", "hello")

        qos = min(published, granted)
        assert reader.rest() == f"{topic} {qos} 0 hello\n".encode()


def test_lines_become_messages_in_order(stage: Stage) -> None:
    """`mosquitto_pub -l`: a thousand of them, one connection."""
    topic = stage.name("topic")
    lines = b"".join(b"line %d\n" % number for number in range(1000))
    with subscriber(stage.port, "-t", topic, "-q", "1", "-C", "1000") as reader:
        publish_with(stage.port, "-t", topic, "-q", "1", "-l", given=lines)

        assert reader.rest() == lines


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_file_becomes_a_message(stage: Stage, tmp_path: Path, qos: str) -> None:
    """256 KiB of any bytes, from a file (`-f`) and from the standard input (`-s`)."""
    topic = stage.name("topic")
    content = bytes(range(256)) * 1024
    file = tmp_path / "content"
    file.write_bytes(content)
    with subscriber(stage.port, "-t", topic, "-q", qos, "-C", "2", "-F", "%l %x") as reader:
        publish_with(stage.port, "-t", topic, "-q", qos, "-f", str(file))
        publish_with(stage.port, "-t", topic, "-q", qos, "-s", given=content)

        assert reader.rest() == (b"%d %s\n" % (len(content), content.hex().encode())) * 2


def test_a_message_may_be_repeated_and_empty(stage: Stage) -> None:
    """`--repeat`, and `-n` for nothing."""
    topic = stage.name("topic")
    with subscriber(stage.port, "-t", topic, "-q", "2", "-C", "4", "-F", "[%p]") as reader:
        publish_with(stage.port, "-t", topic, "-q", "2", "-m", "x", "--repeat", "3")
        publish_with(stage.port, "-t", topic, "-q", "2", "-n")

        assert reader.rest() == b"[x]\n[x]\n[x]\n[]\n"


@pytest.mark.parametrize("qos", ["1", "2"])
def test_a_session_keeps_messages(stage: Stage, qos: str) -> None:
    """`-c -i`: subscribe and go (`-E`), then come back for what was published meanwhile."""
    topic, session = stage.name("topic"), ("-c", "-i", stage.name("reader"))
    subscribe_with(stage.port, *session, "-t", topic, "-q", qos, "-E")
    for number in range(3):
        publish_with(stage.port, "-t", topic, "-q", qos, "-m", f"{number}")

    said = subscribe_with(stage.port, *session, "-t", topic, "-q", qos, "-C", "3")

    assert said == b"0\n1\n2\n"


def test_a_session_is_dropped_by_a_clean_one(stage: Stage) -> None:
    """Without `-c`, what waited under the same name is gone."""
    topic, name = stage.name("topic"), stage.name("reader")
    subscribe_with(stage.port, "-c", "-i", name, "-t", topic, "-q", "1", "-E")
    publish_with(stage.port, "-t", topic, "-q", "1", "-m", "dropped")
    subscribe_with(stage.port, "-i", name, "-t", stage.name("other"), "-E")
    publish_with(stage.port, "-t", topic, "-q", "1", "-r", "-m", "kept")

    said = subscribe_with(stage.port, "-c", "-i", name, "-t", topic, "-q", "1", "-C", "1")

    assert said == b"kept\n"


def test_retained_messages_are_told_from_live_ones(stage: Stage) -> None:
    """`--retained-only` ends with the first live message, `-R` leaves retained ones out."""
    first = stage.name("a")
    for topic in ("1", "2"):
        publish_with(stage.port, "-t", f"{first}/{topic}", "-r", "-m", f"kept {topic}", "-q", "1")
    everything = ("-t", f"{first}/+")

    with (
        subscriber(stage.port, *everything, "--retained-only", "-v") as retained,
        subscriber(stage.port, *everything, "-R", "-C", "1", "-v") as live,
    ):
        publish_with(stage.port, "-t", f"{first}/1", "-m", "live")

        said = sorted(retained.rest().splitlines())
        assert said == [f"{first}/{topic} kept {topic}".encode() for topic in ("1", "2")]
        assert live.rest() == f"{first}/1 live\n".encode()


def test_retained_messages_can_be_removed(stage: Stage) -> None:
    """`--remove-retained` clears what it is shown, and `-r -n` a topic by name."""
    first, name = stage.name("a"), stage.name("reader")
    for topic in ("1", "2", "3"):
        publish_with(stage.port, "-t", f"{first}/{topic}", "-r", "-m", topic)
    publish_with(stage.port, "-t", f"{first}/3", "-r", "-n")

    with subscriber(stage.port, "-i", name, "-t", f"{first}/1", "--remove-retained") as reader:
        reader.await_line(f"Client {name} received PUBACK".encode())

    late = stage.client("late")
    late.subscribe((f"{first}/#", 0))
    assert late.messages_so_far() == [Message(f"{first}/2", b"2", retain=True)]


def test_wildcards_and_filters_of_its_own_work(stage: Stage) -> None:
    """Several `-t`; `-T` leaves out what the client does not want to print."""
    first = stage.name("a")
    filters = ("-t", f"{first}/+/x", "-t", f"{first}/all/#", "-T", f"{first}/all/no")
    with subscriber(stage.port, *filters, "-C", "3", "-F", "%t") as reader:
        for topic in ("1/x", "1/y", "all/no", "all/1/2", "2/x"):
            publish_with(stage.port, "-t", f"{first}/{topic}", "-m", "")

        assert reader.rest().decode().split() == [
            f"{first}/{topic}" for topic in ("1/x", "all/1/2", "2/x")
        ]


def test_unsubscribing_works(stage: Stage) -> None:
    """`-U`: the session that was made before loses that one."""
    one, two, session = stage.name("one"), stage.name("two"), ("-c", "-i", stage.name("reader"))
    subscribe_with(stage.port, *session, "-t", one, "-q", "1", "-E")
    subscribe_with(stage.port, *session, "-t", two, "-q", "1", "-U", one, "-E")
    for topic in (one, two):
        publish_with(stage.port, "-t", topic, "-q", "1", "-m", topic)

    said = subscribe_with(stage.port, *session, "-t", two, "-q", "1", "-C", "1", "-v")

    assert said == f"{two} {two}\n".encode()


def test_shared_subscriptions_divide_messages(stage: Stage) -> None:
    """Two members, three messages each."""
    topic = stage.name("topic")
    member = ("-t", f"$share/group/{topic}", "-q", "1", "-C", "3")
    with subscriber(stage.port, *member) as one, subscriber(stage.port, *member) as two:
        lines = b"".join(b"%d\n" % number for number in range(6))
        publish_with(stage.port, "-t", topic, "-q", "1", "-l", given=lines)

        assert sorted(one.rest().split() + two.rest().split()) == lines.split()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_will_is_published_for_who_is_killed(stage: Stage, qos: int) -> None:
    """And its retained copy is there for later."""
    wills = stage.name("wills")
    watcher = stage.client("watcher")
    watcher.subscribe((wills, qos))
    will = ("--will-topic", wills, "--will-payload", "gone", "--will-qos", str(qos))
    with subscriber(stage.port, "-t", stage.name("t"), *will, "--will-retain") as reader:
        reader.process.kill()

        message = watcher.receive()
        assert (message.payload, message.qos, message.retain) == (b"gone", qos, False)
    said = subscribe_with(stage.port, "-t", wills, "-q", str(qos), "-C", "1", "-F", "%p %q %r")
    assert said == b"gone %d 1\n" % qos


def test_a_subscriber_hears_the_will_of_another(stage: Stage) -> None:
    """The other way round: printed like any message."""
    wills = stage.name("wills")
    with subscriber(stage.port, "-t", wills, "-C", "1") as reader:
        stage.client("c", will=Will(wills, b"gone")).vanish()

        assert reader.rest() == b"gone\n"


def test_passwords_are_looked_at(guarded: Stage) -> None:
    """`-u -P`; both programs say why they may not, and with which code they end."""
    right = ("-u", "writer", "-P", "writing")
    with subscriber(guarded.port, *right, "-t", "open/it", "-C", "1") as reader:
        publish_with(guarded.port, *right, "-t", "open/it", "-m", "in")
        assert reader.rest() == b"in\n"

    for wrong in (("-u", "writer", "-P", "reading"), ()):
        done = publish_with(guarded.port, *wrong, "-t", "open/it", "-m", "in", codes=(5,))
        assert b"not authori" in done.stderr
        subscribe_with(guarded.port, *wrong, "-t", "open/it", "-C", "1", code=5)


def test_tls_works(tmp_path: Path) -> None:
    """`--cafile --cert --key`; a stranger's authority is not believed."""
    made = issue(tmp_path)
    own = ("--cert", str(made.device), "--key", str(made.device_key))
    trusting = ("--cafile", str(made.ca), *own)
    with embedded(tls=made.for_server(wants_client=True)) as port:
        with subscriber(port, *trusting, "-t", "t", "-q", "2", "-C", "1") as reader:
            publish_with(port, *trusting, "-t", "t", "-q", "2", "-m", "sealed")
            assert reader.rest() == b"sealed\n"

        strange = ("--cafile", str(made.strange_ca), *own)
        # Whether it says so while connecting or afterwards depends on which side is first.
        done = publish_with(port, *strange, "-t", "t", "-m", "x", codes=range(1, 256))
        assert b"A TLS error occurred" in done.stderr


def test_a_newer_client_takes_over_and_is_taken_over(stage: Stage) -> None:
    """The program comes back by itself, and subscribes anew."""
    name, topic = stage.name("reader"), stage.name("topic")
    with subscriber(stage.port, "-i", name, "-t", topic, "-q", "1", "-C", "1") as reader:
        intruder = stage.client("reader")
        reader.await_line(b"Subscribed ")

        assert intruder.until_closed() == []
        publish_with(stage.port, "-t", topic, "-q", "1", "-m", "back")
        assert reader.rest() == b"back\n"
