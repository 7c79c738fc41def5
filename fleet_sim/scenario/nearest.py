"""The nearest legal job: its numbers, within what a vendor can express.

A scenario may ask for what a vendor has no words for (a timeout of 20 s on EnOS). The job then asks
for the nearest legal value, and a sentence says so: in `check`, and in the verdict's `overrides`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet_sim.model.contract import ContractProfile

# For an order to arrive, by a clock that is not ours.
ORDER_MARGIN_MS = 10_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """Those that a vendor takes for one of a job's: a range, in steps, or a few of it.

    Attributes:
        least: The lowest end of the range.
        most: The highest; None: there is none.
        step: Only whole multiples of it.
        only: Only these; empty: any.
    """

    least: int
    most: int | None
    step: int = 1
    only: tuple[int, ...] = ()

    def nearest(self, asked: int, below: int | None = None) -> int | None:
        """Return the nearest, upwards between two steps; None: there is none.

        Args:
            asked: What is wanted.
            below: Only what is lower than this; None: any.
        """
        least, most = _up(self.least, self.step), self._most(below)
        if self.only:
            fitting = [one for one in self.only if self._has(one, least, most)]
            return min(fitting, key=lambda one: (abs(one - asked), one), default=None)
        legal = max(_up(asked, self.step), least)
        legal = legal if most is None else min(legal, most)
        return legal if legal >= least else None

    def _most(self, below: int | None) -> int | None:
        ends = [end for end in (self.most, None if below is None else below - 1) if end is not None]
        return min(ends) // self.step * self.step if ends else None

    def _has(self, one: int, least: int, most: int | None) -> bool:
        return one % self.step == 0 and least <= one and (most is None or one <= most)


def timeouts(profile: ContractProfile) -> Numbers:
    """Return the timeouts that a job may name, in seconds; that of no time is none."""
    return Numbers(profile.timeout_s_min or 1, profile.timeout_s_max, profile.timeout_step_s)


def gaps(profile: ContractProfile) -> Numbers:
    """Return the gaps between retries that a job may name, in seconds."""
    return Numbers(
        profile.retry_interval_s_min,
        profile.retry_interval_s_max,
        profile.timeout_step_s,
        profile.retry_intervals_s_allowed,
    )


def counts(profile: ContractProfile) -> Numbers:
    """Return how many retries a job may name."""
    return Numbers(
        profile.retry_count_min, profile.retry_count_max, only=profile.retry_counts_allowed
    )


@dataclass(frozen=True, slots=True)
class Legal:
    """The nearest values that a vendor can express, and what was changed to get there."""

    concurrency: int | None
    timeout_s: int | None
    retry_count: int
    retry_interval_s: int
    window_ms: tuple[int, int] | None
    changes: tuple[str, ...]
    rate: int | None = None


def nearest_legal(
    profile: ContractProfile,
    *,
    concurrency: int | None,
    timeout_ms: int | None,
    retry_count: int,
    retry_interval_ms: int,
    window_ms: tuple[int, int] | None,
    rate: int | None = None,
    at_ms: int = 0,
) -> Legal:
    """Bring a job's numbers into a vendor's ranges.

    Args:
        profile: What the vendor can express, overrides applied.
        concurrency: As asked; None: not asked.
        timeout_ms: As asked; None: not asked.
        retry_count: As asked; 0 means no retry policy and is always legal.
        retry_interval_ms: As asked; without retries it is of no account.
        window_ms: First and last instant; None: always.
        rate: Pushes a minute, as asked; None: not asked.
        at_ms: When the job is ordered.
    """
    timeout_s = None if timeout_ms is None else _timeout_s(profile, timeout_ms)
    gap_s = _interval_s(profile, retry_interval_ms, timeout_s) if retry_count else None
    count = None if gap_s is None else counts(profile).nearest(retry_count)
    window = None if window_ms is None else _window_ms(profile, window_ms, at_ms)
    pace = None if rate is None else _rate(profile, rate)
    asked, legal = window_ms or (None, None), window or (None, None)
    changed = (
        ("timeout", _s(timeout_ms), timeout_s, "s"),
        ("retries", retry_count, count, ""),
        ("retry_interval", _s(retry_interval_ms), gap_s, "s"),
        ("window's start", _s(asked[0]), _s(legal[0]), "s"),
        ("window's end", _s(asked[1]), _s(legal[1]), "s"),
        ("rate", rate, pace, ""),
    )
    cap = None if profile.cap_default is None else concurrency
    missing = (
        ("concurrency", concurrency, cap),
        ("timeout", timeout_ms, timeout_s),
        ("window", window_ms, window),
        ("rate", rate, pace),
    )
    left_out = (
        f"{name} is left out, as the vendor has none"
        for name, wanted, sent in missing
        if wanted is not None and sent is None
    )
    no_gap = (
        "retries are left out, as no gap that the vendor takes is shorter than the timeout of "
        f"{timeout_s} s"
    )
    changes = (
        f"{name} {wanted:g}{unit} becomes {sent:g}{unit}"
        for name, wanted, sent, unit in changed
        if wanted is not None and sent is not None and wanted != sent
    )
    said = (*left_out, *([no_gap] if retry_count and gap_s is None else ()), *changes)
    return Legal(cap, timeout_s, count or 0, gap_s or 0, window, said, pace)


def _s(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _timeout_s(profile: ContractProfile, asked_ms: int) -> int | None:
    """Return the nearest timeout; None where the vendor's timeouts are fixed."""
    if profile.timeout_s_min is None and profile.timeout_s_max is None:
        return None
    return timeouts(profile).nearest(_whole_s(asked_ms))


def _interval_s(profile: ContractProfile, asked_ms: int, timeout_s: int | None) -> int | None:
    """Return the nearest gap, in the steps in which timeouts are counted; None: none is legal."""
    below_s = timeout_s if profile.retry_interval_below_timeout else None
    return gaps(profile).nearest(_whole_s(asked_ms), below_s)


def _window_ms(
    profile: ContractProfile, asked: tuple[int, int], at_ms: int
) -> tuple[int, int] | None:
    """Return the window, opening and closing as late as the vendor wants; None: it has none."""
    if profile.window_min_s is None:
        return None
    start, end = asked
    if profile.window_lead_s is not None:
        start = max(start, at_ms + 1000 * profile.window_lead_s + ORDER_MARGIN_MS)
    return start, max(end, start + 1000 * profile.window_min_s)


def _rate(profile: ContractProfile, asked: int) -> int | None:
    """Return the nearest rate; None where the vendor has none."""
    if profile.pushes_a_minute is None:
        return None
    return Numbers(profile.pushes_a_minute_min or 1, profile.pushes_a_minute_max).nearest(asked)


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _whole_s(ms: int) -> int:
    """Round up: a device gets no less time than was asked for."""
    return -(-ms // 1000)
