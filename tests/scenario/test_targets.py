import pytest

from tests.scenario.writing import loaded, told

FLEET = 'fleets: {a: {devices: 1, firmware: "1"}}\n'


@pytest.mark.parametrize(
    "target",
    [
        "{broker: 'mqtt://127.0.0.1'}",
        "{broker: 'mqtts://b.example:8883', ca: ca.pem, cert: c.pem, key: k.pem}",
        "{broker: 'mqtt://[::1]:1883/', backend: 'https://h.example/api', org: o1}",
        "{broker: 'mqtt://b', plant: B01}",
        "{broker: 'mqtt://b', devices: d.csv}",
        "{}",
    ],
)
def test_targets_people_have_are_taken(target: str) -> None:
    """A broker alone, both, our own with bugs, or nothing."""
    assert told(f"{FLEET}target: {target}") == []


@pytest.mark.parametrize(
    ("broker", "sentence"),
    [
        ("localhost:1883", "write mqtt://host:1883 or mqtts://host:8883"),
        ("tcp://x:1883", "write mqtt://host:1883 or mqtts://host:8883"),
        ("mqtt://", "write mqtt://host:1883 or mqtts://host:8883"),
        ("mqtt://x:0", "write mqtt://host:1883 or mqtts://host:8883"),
        ("mqtt://x:abc", "write mqtt://host:1883 or mqtts://host:8883"),
        ("mqtt://[::1", "write mqtt://host:1883 or mqtts://host:8883"),
        ("mqtt://x/path", "and nothing after it"),
        ("mqtt://x?a=b", "and nothing after it"),
    ],
)
def test_what_is_no_broker_is_told(broker: str, sentence: str) -> None:
    """With the form that would be right."""
    [said] = told(f"{FLEET}target: {{broker: '{broker}'}}")

    assert sentence in said


@pytest.mark.parametrize("url", ["mqtt://me:hush@x", "mqtt://hush@x", "mqtt://:hush@x"])
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    """Secrets come from the environment; a message may end in a CI log."""
    [said] = told(f"{FLEET}target: {{broker: '{url}'}}")

    assert "secrets come from the environment only" in said
    assert "hush" not in said


def test_bugs_cannot_be_planted_in_a_foreign_backend() -> None:
    """We have no switches there."""
    target = "{broker: 'mqtt://b', backend: 'http://h', plant: [B01]}"

    [said] = told(f"{FLEET}target: {target}")

    assert "target.plant needs the reference backend" in said


def test_bugs_are_sorted_and_counted_once() -> None:
    """So that the same bugs make the same plan."""
    assert loaded(f"{FLEET}target: {{plant: [B02, B01, B02]}}").target.plant == ("B01", "B02")


@pytest.mark.parametrize("files", ["ca: a", "cert: c, key: k", "ca: a, cert: c, key: k"])
def test_files_for_tls_need_a_broker_of_somebodys(files: str) -> None:
    """On the embedded platform they would have no effect, and nobody would notice."""
    said = told(f"{FLEET}target: {{{files}}}")

    assert len(said) == files.count(":")
    assert all("needs target.broker: the embedded platform speaks no TLS" in one for one in said)
