"""Events and effects: values that can be compared, shared and kept."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from fleet_sim.device.events import Effect, Event, Note

CLASSES = (*get_args(Event), *get_args(Effect))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_is_frozen_and_slotted(cls: type) -> None:
    """Whoever holds one can pass it on without fear."""
    value = cls(*("x" for _ in fields(cls)))

    assert not hasattr(value, "__dict__")
    with pytest.raises((FrozenInstanceError, TypeError, AttributeError)):
        value.anything = 1


def test_equal_fields_are_equal_values() -> None:
    """Tests and playbooks compare whole effects."""
    assert Note("boot", {"version": "1"}) == Note("boot", {"version": "1"})
