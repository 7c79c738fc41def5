import pytest

from fleet_sim.oracle.judge import judge
from fleet_sim.oracle.metrics import Totals
from fleet_sim.oracle.tolerance import VIRTUAL_TIME
from fleet_sim.runtime.virtual_run import run_virtually
from fleet_sim.scenario.plan import Plan, plan
from tests.scenario.writing import loaded


def notes(job: str, fleet: str = "", rest: str = "") -> tuple[str, ...]:
    """Return what is noted of one job for a fleet of four."""
    text = f'fleets: {{a: {{devices: 4, firmware: "1"{fleet}}}}}\njobs: [{{{job}}}]\n{rest}'
    return plan(loaded(text)).notes


def test_a_job_before_its_fleet_is_connected_is_noted() -> None:
    """A snapshot job takes only devices that have reported a version."""
    [note] = notes('at: 2s, upgrade: a, to: "2"')

    assert note.startswith("the job for a at 2s starts before its fleet is connected (over 5s): ")
    assert note.endswith("version reported by then, and a snapshot job leaves those out.")


def test_devices_that_need_no_version_are_in_time() -> None:
    """Some vendors make tasks for all that are registered, unless source versions are asked for."""
    contract = "contract: {must_have_reported_version: false}"

    assert notes('at: 2s, upgrade: a, to: "2"', rest=contract) == ()
    assert len(notes('at: 2s, upgrade: a, to: "2", from: "1"', rest=contract)) == 1


def test_slow_links_need_longer_to_report() -> None:
    """Five seconds are enough on a cable; on nb_iot a report is seconds under way."""
    job = 'at: 6s, upgrade: a, to: "2"'

    assert notes(job) == ()
    assert len(notes(job, ", network: nb_iot")) == 1


def test_a_timeout_beyond_the_run_is_noted_for_fleets_that_fall_silent() -> None:
    """It could never be seen to fire; devices that tell how they fare do not need it."""
    job = 'at: 1m, upgrade: a, to: "2", timeout: 20m'

    assert notes(job) == notes(job, ", personas: {bad_digest: 50%, flap: 50%}") == ()
    assert notes(job, ", personas: progress_dup") == ()
    [note] = notes(job, ", personas: no_ack")
    assert note.startswith("the job for a at 1m has a timeout of 20m, but the run ends 9m later")


def test_a_target_that_all_devices_run_is_noted() -> None:
    """Nothing would happen, which is seldom meant."""
    [note] = notes('at: 1m, upgrade: a, to: "1"')

    assert note == "the job for a at 1m targets 1, which all its devices run already."


def test_a_second_incremental_job_to_one_version_is_noted() -> None:
    """The vendor takes one at a time for a version and those it is from; others take any number."""
    text = """
        fleets: {{a: {{devices: 4, dialect: {dialect}, firmware: "1"}}}}
        jobs:
        - {{at: 1m, upgrade: a, to: "2", from: "1", incremental: true}}
        - {{at: 2m, upgrade: a, to: "3", from: "1", incremental: true}}
        - {{at: 3m, upgrade: a, to: "2", from: "1", incremental: true}}
    """

    [note] = plan(loaded(text.format(dialect="alibaba"))).notes
    assert note == (
        "the job for a at 3m is incremental, and so is the one for a at 1m, to the same version "
        "from the same: while that is open, the vendor refuses another."
    )
    assert plan(loaded(text.format(dialect="enos"))).notes == ()


def test_an_incremental_job_that_comes_twice_is_noted() -> None:
    """Alike to the instant, the second is refused as any other would be."""
    job = '{at: 1m, upgrade: a, to: "2", from: "1", incremental: true}'
    fleets = '{a: {devices: 4, dialect: alibaba, firmware: "1"}}'

    [note] = plan(loaded(f"fleets: {fleets}\njobs: [{job}, {job}]")).notes
    assert note.startswith("the job for a at 1m is incremental, and so is the one for a at 1m, to")


def test_a_job_that_its_devices_may_not_ask_for_in_time_is_noted() -> None:
    """They ask once a minute or so; with more time left there is nothing to say."""
    assert notes('at: 1m, upgrade: a, to: "2", ask: true') == ()

    [note] = notes('at: 9m, upgrade: a, to: "2", ask: true')

    assert note == (
        "the job for a at 9m waits for its devices to ask, which they do about every 1m, but the "
        "run ends 1m later: some may not have asked by then."
    )


def several(dialect: str, count: int, *, keys: str = "retries: 1", rest: str = "") -> Plan:
    """Plan one job for a fleet whose devices run as many versions as it has devices."""
    shares = [100 // count + (n < 100 % count) for n in range(count)]
    mix = ", ".join(f'"1.{n}": {share}%' for n, share in enumerate(shares))
    text = (
        f"fleets: {{a: {{devices: {count}, firmware: {{{mix}}}, dialect: {dialect}}}}}\n"
        f'jobs: [{{at: 1m, upgrade: a, to: "2", {keys}}}]\n{rest}'
    )
    return plan(loaded(text))


@pytest.mark.parametrize(
    ("dialect", "count", "left_out"),
    [
        ("tuya", 12, ("1.10", "1.11")),
        ("alibaba", 11, ("1.10",)),
        ("tuya", 10, ()),
        ("enos", 12, ()),
    ],
)
def test_devices_that_a_cut_list_of_versions_leaves_out_are_noted(
    dialect: str, count: int, left_out: tuple[str, ...]
) -> None:
    """Ten versions are as many as a job may name there, and others count as waiting."""
    made = several(dialect, count)
    run = run_virtually(made)
    told = judge(run.records, made.contracts, tolerance=VIRTUAL_TIME)

    assert told.totals == Totals(
        devices=count, updated=count - len(left_out), failed=0, waiting=len(left_out), stuck=0
    )
    note = (
        "the job for a at 1m names 10 source versions, and the vendor takes no more: "
        f"{len(left_out)} of {count} devices run others ({', '.join(left_out)}) and get no task; "
        "they count as waiting."
    )
    assert made.notes == ((note,) if left_out else ())
    assert any("from is cut to the first 10" in one for one in made.overrides) is bool(left_out)


@pytest.mark.parametrize(
    ("dialect", "count", "keys", "most", "told"),
    [
        ("tuya", 12, "retries: 1", "20", "names 10 source versions, and the vendor takes no more"),
        ("tuya", 12, "retries: 1", "null", "names 10 source versions, and the vendor takes no mor"),
        ("enos", 3, 'from: ["1.0", "1.1"]', "1", "names 1 source version, and the vendor takes n"),
        ("enos", 2, 'from: ["1.0"]', "1", ""),
        ("enos", 2, 'from: ["1.0", "0.9"]', "1", ""),
        ("tuya", 2, 'retries: 1, from: ["1.0"]', "1", ""),
    ],
)
def test_devices_left_out_are_noted_by_what_was_cut(
    dialect: str, count: int, keys: str, most: str, told: str
) -> None:
    """Whatever bound an override names, and nobody whom the scenario itself leaves out."""
    made = several(dialect, count, keys=keys, rest=f"contract: {{source_versions_max: {most}}}")

    assert [told in note for note in made.notes] == [True] * bool(told)
    assert not told or f": {2 if count > 3 else 1} of {count} devices run others" in made.notes[0]
