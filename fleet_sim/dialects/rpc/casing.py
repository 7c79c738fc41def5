"""The two spellings of one JSON: PascalCase, and the same with each first letter lowered.

Only the first letter: `SimpleOTATaskInfo` becomes `simpleOTATaskInfo`, `IotId` `iotId`.

Source: the samples of ListOTATaskByJob, Alibaba Cloud's and Tuya's.
"""

from __future__ import annotations

from typing import Any


def lowered(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with the first letter of every key in lower case."""
    return _respelled(value, str.lower)


def raised(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with the first letter of every key in upper case."""
    return _respelled(value, str.upper)


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without the members that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def _respelled(value: Any, letter: Any) -> Any:  # noqa: ANN401 - JSON, and one of two methods
    if isinstance(value, dict):
        return {
            letter(key[:1]) + key[1:]: _respelled(inner, letter) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_respelled(inner, letter) for inner in value]
    return value
