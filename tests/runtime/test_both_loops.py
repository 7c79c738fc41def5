import asyncio

import pytest

from tests.runtime.both_loops import on_both_loops


@on_both_loops
@pytest.mark.parametrize("number", [1, 2])
async def test_a_coroutine_becomes_a_test_for_each_loop(
    number: int, request: pytest.FixtureRequest
) -> None:
    """Its own parameters and fixtures are still there, and the loop is the one it says."""
    module = type(asyncio.get_running_loop()).__module__

    assert number in (1, 2)
    assert module.startswith(request.node.callspec.params["loop"])
