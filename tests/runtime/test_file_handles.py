import resource

import pytest

from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.file_handles import FILES_MAX, OTHER_FILES, check_limit, raise_limit


class Limits:
    """The system's limits of a process."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def get(self, _: int) -> tuple[int, int]:
        """Return them."""
        return self.now

    def set(self, _: int, limits: tuple[int, int]) -> None:
        """Change them."""
        self.now = limits


def given(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> Limits:
    """Put these limits in the place of this process's own."""
    limits = Limits(soft, hard)
    monkeypatch.setattr(resource, "getrlimit", limits.get)
    monkeypatch.setattr(resource, "setrlimit", limits.set)
    return limits


@pytest.mark.parametrize(
    ("soft", "hard", "wanted"),
    [
        (1_024, 20_000, 20_000),
        (20_000, 20_000, 20_000),
        (1_024, resource.RLIM_INFINITY, FILES_MAX),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, FILES_MAX),
        (FILES_MAX + 1, resource.RLIM_INFINITY, FILES_MAX),
    ],
)
def test_the_limit_is_raised_as_far_as_one_may(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, wanted: int
) -> None:
    """The hard limit stays as it is."""
    limits = given(monkeypatch, soft, hard)

    assert raise_limit() == wanted
    assert limits.now[1] == hard


def test_a_limit_that_is_high_enough_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is higher than we would ask for: it is never lowered."""
    limits = given(monkeypatch, FILES_MAX + 1, FILES_MAX + 2)

    raise_limit()

    assert limits.now == (FILES_MAX + 1, FILES_MAX + 2)


def test_a_fleet_that_is_too_large_is_refused_in_a_sentence() -> None:
    """Before anything is started, with both numbers."""
    check_limit(1_000, devices=900, downloads=1_000 - 900 - OTHER_FILES)

    with pytest.raises(TargetError, match=r"need 1,065 open files, .* may have 1,000"):
        check_limit(1_000, devices=901, downloads=100)
