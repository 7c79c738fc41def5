from dataclasses import replace

import pytest

from fleet_sim.dialects import registry
from fleet_sim.dialects.enos.contract import CONTRACT
from fleet_sim.model.contract import ContractProfile
from fleet_sim.scenario.contracts import (
    NEEDS_WORD,
    Legal,
    crossed_bounds,
    misfits,
    nearest_legal,
    overridden,
    replaced,
)
from fleet_sim.scenario.vocabulary import contract, speech


def legal(profile: ContractProfile = CONTRACT, **asked: object) -> Legal:
    """Ask for some numbers, and for nothing else."""
    numbers: dict[str, object] = {
        "concurrency": None,
        "timeout_ms": None,
        "retry_count": 0,
        "retry_interval_ms": 0,
        "window_ms": None,
    }
    return nearest_legal(profile, **{**numbers, **asked})  # type: ignore[arg-type]


def test_nothing_asked_is_nothing_changed() -> None:
    """The vendor's own defaults need no word."""
    assert legal() == Legal(None, None, 0, 0, None, ())


@pytest.mark.parametrize(
    ("asked_ms", "timeout_s"),
    [(299_000, 300), (300_000, 300), (300_001, 301), (172_800_000, 172_800), (10**9, 172_800)],
)
def test_timeouts_go_to_the_nearest_end_of_the_range(asked_ms: int, timeout_s: int) -> None:
    """Fractions of a second are rounded up: a device gets no less than was asked."""
    assert legal(timeout_ms=asked_ms).timeout_s == timeout_s


def test_a_vendor_with_fixed_timeouts_is_sent_none() -> None:
    """There is no word for one, and that is told."""
    fixed = replace(CONTRACT, timeout_s_min=None, timeout_s_max=None)

    found = legal(fixed, timeout_ms=5000)

    assert found.timeout_s is None
    assert found.changes == ("timeout is left out, as the vendor has none",)


def test_a_vendor_without_a_cap_is_sent_none() -> None:
    """Elsewhere the cap is sent as it was asked for."""
    found = legal(replace(CONTRACT, cap_default=None), concurrency=5)

    assert found.concurrency is None
    assert found.changes == ("concurrency is left out, as the vendor has none",)
    assert legal(concurrency=5) == Legal(5, None, 0, 0, None, ())


def test_retries_go_to_the_nearest_count_there_is() -> None:
    """Of 1, 2 and 5 the nearest to 3 is 2; no retries stay none."""
    few = replace(CONTRACT, retry_counts_allowed=(1, 2, 5))

    assert [legal(few, retry_count=count).retry_count for count in (0, 1, 3, 4, 9)] == [
        *(0, 1, 2, 5),
        5,
    ]


def test_gaps_go_to_the_nearest_there_is() -> None:
    """Alibaba knows 0, 10 and 30 minutes and some more."""
    few = replace(CONTRACT, retry_intervals_s_allowed=(0, 600, 1800))

    found = legal(few, retry_count=1, retry_interval_ms=700_000)

    assert found.retry_interval_s == 600
    assert found.changes == ("retry_interval 700s becomes 600s",)


def test_a_gap_without_retries_is_of_no_account() -> None:
    """Nothing is sent, so nothing is told."""
    assert legal(retry_interval_ms=10**9) == Legal(None, None, 0, 0, None, ())


@pytest.mark.parametrize(
    ("asked_ms", "timeout_s"), [(1, 60), (60_000, 60), (60_001, 120), (90_000, 120), (10**9, 3600)]
)
def test_a_vendor_that_counts_in_minutes_is_asked_for_whole_ones(
    asked_ms: int, timeout_s: int
) -> None:
    """Rounded up, within the range."""
    minutes = replace(CONTRACT, timeout_step_s=60, timeout_s_min=60, timeout_s_max=3600)

    assert legal(minutes, timeout_ms=asked_ms).timeout_s == timeout_s


@pytest.mark.parametrize(("timeout_ms", "gap_s"), [(None, 1800), (1_800_000, 600), (60_000, 0)])
def test_a_gap_may_have_to_be_shorter_than_the_timeout(timeout_ms: int | None, gap_s: int) -> None:
    """Then it is the nearest of those that are; without a timeout all are."""
    few = replace(
        CONTRACT,
        timeout_s_min=60,
        retry_intervals_s_allowed=(0, 600, 1800),
        retry_interval_below_timeout=True,
    )
    free = replace(few, retry_intervals_s_allowed=(), retry_interval_s_max=None)
    asked = {"timeout_ms": timeout_ms, "retry_count": 1, "retry_interval_ms": 1_800_000}

    assert legal(few, **asked).retry_interval_s == gap_s
    assert legal(free, **asked).retry_interval_s == min(1800, (timeout_ms or 10**7) // 1000 - 1)


def test_a_window_opens_as_late_as_the_vendor_wants() -> None:
    """Five minutes after the order, and time for it to arrive; it then lasts the shortest span."""
    late = replace(CONTRACT, window_lead_s=300, window_min_s=3600)

    found = legal(late, window_ms=(60_000, 120_000), at_ms=30_000)

    assert found.window_ms == (340_000, 3_940_000)
    assert found.changes == (
        "window's start 60s becomes 340s",
        "window's end 120s becomes 3940s",
    )
    assert legal(late, window_ms=(340_000, 3_940_000), at_ms=30_000).changes == ()


def test_a_vendor_without_windows_is_sent_none() -> None:
    """There is no word for one, and that is told."""
    found = legal(replace(CONTRACT, window_min_s=None), window_ms=(1_000, 2_000))

    assert found.window_ms is None
    assert found.changes == ("window is left out, as the vendor has none",)


@pytest.mark.parametrize(("asked", "rate"), [(1, 10), (10, 10), (700, 700), (10**6, 10_000)])
def test_rates_go_to_the_nearest_end_of_the_range(asked: int, rate: int) -> None:
    """From ten to ten thousand a minute on Alibaba; a vendor without them is sent none."""
    paced = replace(
        CONTRACT, pushes_a_minute=10_000, pushes_a_minute_min=10, pushes_a_minute_max=10_000
    )

    assert legal(paced, rate=asked).rate == rate
    assert legal(rate=asked).changes == ("rate is left out, as the vendor has none",)


def test_overrides_are_said_in_words() -> None:
    """The verdict names each, old and new."""
    changed = replaced(CONTRACT, {"silent_device": "times_out", "retry_on": ("failed",)})

    assert list(overridden("enos", CONTRACT, changed)) == [
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
    found = list(misfits(dialect, contract(dialect), overrides))

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

    found = [knob for knob, _ in misfits("enos", CONTRACT, overrides)]

    assert found == ["asks_version", "timeout_s"]
