"""The two spellings of one JSON: PascalCase, and the same with each first letter lowered.

Only the first letter: `SimpleOTATaskInfo` becomes `simpleOTATaskInfo`, `IotId` `iotId`.

Source: the samples of ListOTATaskByJob, Alibaba Cloud's and Tuya's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

KEYS_MAX = 512  # Remembered spellings. The whole API has some hundred; a peer may invent more.

# What has members or items; all else is left as it is, without a call of its own.
_NESTED = (dict, list)


def lowered(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with the first letter of every key in lower case."""
    return _respelled(value, _lower)


def raised(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with the first letter of every key in upper case."""
    return _respelled(value, _upper)


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without the members that are null."""
    if isinstance(value, dict):
        return {
            key: without_nulls(inner) if isinstance(inner, _NESTED) else inner
            for key, inner in value.items()
            if inner is not None
        }
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def _respelled(value: Any, spell: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            spell(key): _respelled(inner, spell) if isinstance(inner, _NESTED) else inner
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_respelled(inner, spell) for inner in value]
    return value


@lru_cache(maxsize=KEYS_MAX)
def _lower(key: str) -> str:
    return key[:1].lower() + key[1:]


@lru_cache(maxsize=KEYS_MAX)
def _upper(key: str) -> str:
    return key[:1].upper() + key[1:]
