import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.scenario.contracts import (
    NEEDS_WORD,
    crossed_bounds,
    misfits,
    overridden,
    replaced,
)
from fleet_sim.scenario.vocabulary import contract, speech


def test_overrides_are_said_in_words() -> None:
    """The verdict names each, old and new."""
    changed = replaced(CONTRACT, {"silent_device": "times_out", "retry_on": ("failed",)})

    assert list(overridden("enos", CONTRACT, changed, speech("enos"))) == [
        "enos: silent_device is times_out by contract override, not waits.",
        "enos: retry_on is failed by contract override, not failed, timeout.",
    ]


@pytest.mark.parametrize(
    ("dialect", "overrides", "why"),
    [
        ("huawei", {"timeout_s_min": 10}, "its jobs name no timeout"),
        ("tuya", {"timeout_s_min": 10}, "its timeouts are whole steps of 60 s"),
        ("tuya", {"timeout_s_min": 61}, ""),
        ("tuyalink", {"pushes_a_minute_max": 9}, "its jobs name no rate"),
        ("tuyalink", {"pushes_a_minute": 9}, ""),
        (
            "alibaba",
            {"open_list_needs_source_versions": False},
            "its jobs with an open list cannot",
        ),
        ("alibaba", {"source_versions_max": 20}, "its jobs name no more than 10"),
        ("enos", {"reactivation": "new_secret"}, ""),
        ("tuyalink", {"reactivation": "new_secret"}, "its devices do not activate"),
    ],
)
def test_an_override_in_vain_says_so(dialect: str, overrides: dict[str, object], why: str) -> None:
    """With the reason, in the sentence that names the override."""
    own = contract(dialect)

    (told,) = overridden(dialect, own, replaced(own, overrides), speech(dialect))

    assert (f"; that changes nothing, as {why}" in told) is bool(why)
    assert ("changes nothing" in told) is bool(why)


@pytest.mark.parametrize(
    ("overrides", "blamed"),
    [
        ({"timeout_s_min": 10}, []),
        ({"timeout_s_min": 200_000}, ["timeout_s_min"]),
        ({"timeout_s_max": 10}, ["timeout_s_max"]),
        ({"timeout_s": 5}, ["timeout_s"]),
        ({"page_size_max": 5, "retry_count_min": 9}, ["retry_count_min", "page_size_max"]),
        ({"timeout_s_max": None}, []),
        ({"wide_page_size_max": 199}, ["wide_page_size_max"]),
        ({"page_size_max": 500, "wide_page_size_max": 499}, ["page_size_max"]),
        ({"page_size_max": 500}, []),
        ({"wide_page_size_max": 200}, []),
    ],
)
def test_bounds_that_cross_blame_an_override_once(
    overrides: dict[str, object], blamed: list[str]
) -> None:
    """The vendor's own numbers fit; whoever changed one is told."""
    profile = replaced(CONTRACT, overrides)

    assert [knob for knob, _ in crossed_bounds(profile, overrides)] == blamed


@pytest.mark.parametrize(
    ("dialect", "overrides", "blamed"),
    [
        ("enos", {"asks_version": True}, "asking a device for its version"),
        ("huawei", {"asks_version": True}, None),
        ("huawei", {"asks_version": False}, None),
        ("huawei", {"devices_may_ask": True}, "jobs that devices ask for"),
        ("huawei", {"policy_names": ("static", "dynamic")}, "jobs with an open list of devices"),
        ("enos", {"policy_names": None, "devices_may_ask": False}, None),
        ("tuya", {"window_min_s": 10}, "schedule windows"),
        ("tuya", {"window_min_s": None}, None),
        ("enos", {"window_min_s": 10}, None),
        ("alibaba", {"answers_reports": True}, "answers to what a device reports"),
        ("enos", {"job_planned": True}, "jobs that wait for their window"),
        ("tuya", {"reopenable": ("failed",)}, "trying a task again"),
        ("huawei", {"shows_progress": True}, "a task's progress in its row"),
    ],
)
def test_what_a_vendor_has_no_word_for_cannot_be_had(
    dialect: str, overrides: dict[str, object], blamed: str | None
) -> None:
    """It can be taken away, though, and what there is can be changed."""
    found = list(misfits(dialect, contract(dialect), overrides, speech(dialect)))

    (knob, *_) = overrides
    text = f"must be left out, as {dialect} has no word for {blamed}"
    assert found == ([] if blamed is None else [(knob, text)])


@pytest.mark.parametrize(
    ("dialect", "overrides", "told"),
    [
        ("enos", {"policy_names": ("a", "b")}, "policy_names may be null and nothing else, as the"),
        ("huawei", {"upgrading_starts": "ack"}, "upgrading_starts is ack, but devices of huawei"),
        ("enos", {"upgrading_starts": "ack"}, ""),
        ("alibaba", {"source_versions_max": 0}, "source_versions_max does not fit: a job with ret"),
        (
            "alibaba",
            {"source_versions_max": 0, "retry_needs_source_versions": False},
            "source_versions_max does not fit: a job with an open list must name source versions",
        ),
        ("tuya", {"source_versions_max": 0, "retry_needs_source_versions": False}, ""),
        ("huawei", {"retry_needs_source_versions": True}, "retry_needs_source_versions does not f"),
        ("huawei", {"open_list_needs_source_versions": True}, ""),
        ("enos", {"source_versions_max": 0}, ""),
        (
            "tuya",
            {"timeout_s_min": 10, "timeout_s_max": 30},
            "timeout_s_max does not fit: there is no timeout from 10 to 30 s in whole steps of 60",
        ),
        (
            "tuya",
            {"timeout_s_min": 70, "timeout_s_max": 100},
            "timeout_s_max does not fit: there is no timeout from 70 to 100 s in whole steps of 60",
        ),
        ("tuya", {"timeout_s_min": 70, "timeout_s_max": 120}, ""),
        ("tuya", {"timeout_s_min": None, "timeout_s_max": 30}, "timeout_s_max does not fit"),
        ("tuya", {"timeout_step_s": 100_000}, "timeout_step_s does not fit: there is no timeout"),
        ("huawei", {"timeout_s_min": 10, "timeout_s_max": 30, "timeout_s": 20}, ""),
        ("enos", {"timeout_s_max": 300}, "timeout_s_max is 300, below timeout_s (7200)"),
        (
            "tuya",
            {"retry_interval_s_min": 10, "retry_interval_s_max": 50},
            "retry_interval_s_max does not fit: there is no gap between retries from 10 to 50 s in",
        ),
        (
            "tuya",
            {"retry_interval_s_min": 86_401, "retry_interval_s_max": None},
            "retry_interval_s_max does not fit: there is no gap between retries from 86401 s on",
        ),
        ("enos", {"retry_intervals_s_allowed": (90_000,)}, "retry_intervals_s_allowed does not f"),
        (
            "alibaba",
            {"retry_count_min": 3, "retry_count_max": 4},
            "retry_count_max does not fit: there is no number of retries from 3 to 4 among 1, 2, 5",
        ),
        ("huawei", {"retry_counts_allowed": (7,)}, "retry_counts_allowed does not fit"),
    ],
)
def test_what_would_have_every_job_refused_does_not_fit(
    dialect: str, overrides: dict[str, object], told: str
) -> None:
    """It is told before a run in which nothing happens."""
    found = list(misfits(dialect, contract(dialect), overrides, speech(dialect)))

    assert [f"{knob} {text}".startswith(told) for knob, text in found] == [True] * bool(told)


def test_some_vendor_has_a_word_for_each_and_some_has_none() -> None:
    """Or the table would hold what nobody can do, or everybody."""
    for knob, (none, _) in NEEDS_WORD.items():
        shown = {getattr(contract(name), knob) == none for name in registry.names()}
        assert shown == {True, False}, knob


def test_bounds_that_cross_are_misfits_too() -> None:
    """After the words."""
    overrides = {"timeout_s": 5, "asks_version": True}

    found = [knob for knob, _ in misfits("enos", CONTRACT, overrides, speech("enos"))]

    assert found == ["asks_version", "timeout_s"]


def test_a_range_without_a_whole_step_blames_a_knob_that_is_not_blamed_yet() -> None:
    """Each sentence stands by itself, and tells what there is to choose among."""
    overrides = {"timeout_s_max": 300, "timeout_step_s": 7, "retry_counts_allowed": (6, 7)}

    assert list(misfits("enos", CONTRACT, overrides, speech("enos"))) == [
        ("timeout_s_max", "is 300, below timeout_s (7200)"),
        (
            "timeout_step_s",
            "does not fit: there is no timeout from 300 to 300 s in whole steps of 7 s",
        ),
        (
            "retry_counts_allowed",
            "does not fit: there is no number of retries from 1 to 5 among 6, 7",
        ),
    ]
