import asyncio

import pytest

from fleet_sim.runtime.errors import BrokenError, TargetError, ungrouped


async def _fail_in_two_groups(error: Exception) -> None:
    async with asyncio.TaskGroup(), asyncio.TaskGroup():
        raise error


async def test_an_error_leaves_the_groups_around_it() -> None:
    """However deep; what it was wrapped in stays as its cause."""
    with pytest.raises(TargetError, match="port 1 is taken") as caught, ungrouped(TargetError):
        await _fail_in_two_groups(TargetError("port 1 is taken"))

    assert isinstance(caught.value.__cause__, ExceptionGroup)


async def test_other_groups_pass_as_they_are() -> None:
    """A mistake of ours must not be taken for the environment's."""
    with pytest.raises(ExceptionGroup), ungrouped(TargetError):
        await _fail_in_two_groups(ValueError("ours"))


async def test_a_bare_error_passes_as_it_is() -> None:
    """Nothing was wrapped, so nothing is unwrapped."""
    error = TargetError("as it is")

    with pytest.raises(TargetError) as caught, ungrouped(TargetError):
        raise error

    assert caught.value is error


async def test_the_wanted_one_of_several_is_found() -> None:
    """A failing task's siblings may fail in their own ways."""
    group = ExceptionGroup("", [ValueError("x"), ExceptionGroup("", [BrokenError("it ended")])])

    with pytest.raises(BrokenError, match="it ended"), ungrouped(TargetError, BrokenError):
        raise group


def test_each_error_knows_its_exit_code() -> None:
    """As in the documented table."""
    assert (TargetError.exit_code, BrokenError.exit_code) == (3, 5)
