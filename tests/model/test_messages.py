from __future__ import annotations

import pytest

from fleet_sim.model.messages import DeviceMessage, ProgressReport, VersionReport, parts_of


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (ProgressReport("1", 5), (ProgressReport("1", 5),)),
        (VersionReport("1", "v1", "mcu"), (VersionReport("1", "v1", "mcu"),)),
        (
            VersionReport("1", "v1", beside=(("mcu", "m1"), ("modem", "x"))),
            (
                VersionReport("1", "v1"),
                VersionReport("1", "m1", "mcu"),
                VersionReport("1", "x", "modem"),
            ),
        ),
        (
            VersionReport("1", "v1", after_upgrade=True, beside=(("mcu", "m1"),), desc="done"),
            (
                VersionReport("1", "v1", desc="done"),
                VersionReport("1", "m1", "mcu"),
            ),
        ),
    ],
)
def test_a_report_of_several_versions_falls_into_one_of_each(
    message: DeviceMessage, parts: tuple[DeviceMessage, ...]
) -> None:
    """Under the same id; what tells of one part alone stays as it is."""
    assert parts_of(message) == parts
