from fleet_sim.scenario.plan import plan
from tests.scenario.writing import loaded, told

FLEET = 'fleets: {a: {devices: 1, firmware: "1"}}\n'
BROKER = "target: {broker: 'mqtt://b', backend: 'http://h'}\n"


def job(keys: str, rest: str = "") -> str:
    """Write a scenario with one job."""
    return f'{FLEET}jobs: [{{at: 1m, upgrade: a, to: "2", {keys}}}]\n{rest}'


def test_a_backends_own_firmware_needs_a_backend() -> None:
    """In the file or by a flag."""
    text = job("image: {firmware_id: f1}")

    assert len(told(text)) == 1
    assert told(text + BROKER) == []
    assert told(text, flags={"broker": "mqtt://b", "backend": "http://h"}) == []


def test_source_versions_are_one_or_several() -> None:
    """Each is sent once."""
    assert loaded(job('from: "1"')).jobs[0].sources == ("1",)
    assert loaded(job('from: ["1", "3", "1"]')).jobs[0].sources == ("1", "3")


def test_a_job_does_not_start_from_where_it_goes() -> None:
    """Devices that run the target have nothing to do."""
    (sentence,) = told(job('from: ["1", "2"]'))

    assert 'jobs.0.from names "2", which the job upgrades to; leave it out' in sentence


def test_zero_retries_are_none() -> None:
    """It is how one says so on purpose."""
    assert loaded(job("retries: 0")).jobs[0].retries == 0


def test_retries_without_a_gap_have_none() -> None:
    """The scenario reference says 0s."""
    assert loaded(job("retries: 2")).jobs[0].retry_interval_ms is None


def test_devices_may_have_to_ask() -> None:
    """Then nothing is pushed unasked."""
    assert loaded(job("ask: true")).jobs[0].ask is True


def test_a_window_has_a_start_and_an_end() -> None:
    """Both from the run's start."""
    window = loaded(job("window: {start: 1m, end: 45m}")).jobs[0].window

    assert window is not None
    assert (window.start_ms, window.end_ms) == (60_000, 2_700_000)


def test_source_versions_that_are_sent_unasked_leave_out_the_target() -> None:
    """A fleet may run it in part already, and an order that names it is refused."""
    text = job("retries: 1", "contract: {retry_needs_source_versions: true}\n")
    mixed = text.replace('firmware: "1"', 'firmware: {"1": 50%, "2": 50%}').replace(
        "devices: 1", "devices: 4"
    )

    assert plan(loaded(mixed)).jobs[0].from_versions == ("1",)
