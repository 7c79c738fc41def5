"""Runs a test on asyncio's loop and on uvloop, whose transports differ in the details."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
import uvloop

RUNNERS: dict[str, Callable[[Coroutine[Any, Any, None]], None]] = {
    "asyncio": asyncio.run,
    "uvloop": uvloop.run,
}


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make two tests of one coroutine; its fixtures and parameters stay as they are."""

    @functools.wraps(test)
    def run(*, loop: str, **fixtures: object) -> None:
        RUNNERS[loop](test(**fixtures))

    # pytest reads what a test needs from its signature, which `wraps` took from the coroutine.
    own = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = own.replace(parameters=[*own.parameters.values(), loop])  # type: ignore[attr-defined]
    return cast("Callable[..., None]", pytest.mark.parametrize("loop", RUNNERS)(run))
