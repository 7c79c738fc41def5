from dataclasses import FrozenInstanceError

import pytest

from fleet_sim.backend.events import DropFile, Forget, Keep, KeepFile


def test_effects_cannot_be_changed() -> None:
    """What the brain decided stays as it was, whoever holds it back."""
    effect = Forget("tasks", "t1")

    with pytest.raises(FrozenInstanceError):
        effect.key = "t2"  # type: ignore[misc]


def test_rows_are_urgent_unless_said_otherwise() -> None:
    """Forgetting to decide costs time, not data."""
    assert Keep("tasks", "t1", {}).urgent


def test_a_file_is_not_printed() -> None:
    """A log line about a firmware does not hold its bytes."""
    assert "secret" not in repr(KeepFile("f", "f.bin", b"secret"))
    assert repr(DropFile("f", "f.bin")) == "DropFile(firmware_id='f', file_name='f.bin')"
