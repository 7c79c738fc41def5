from pathlib import Path

from fleet_sim.model.identity import DeviceId, Registration
from fleet_sim.runtime.platform.settings import PlatformSettings, from_line, to_line
from fleet_sim.runtime.target.broker_access import BrokerAccess, MqttLogin


def test_settings_survive_the_line_between_parent_and_child() -> None:
    """Every field, nested tuples and paths among them."""
    trees = (("tree", ("root", "leaf")),)
    device = Registration(
        DeviceId("pk", "dk"), "secret", "asset", (("model", "m1"),), (("site", "n"),), ("g",),
        trees, DeviceId("pk", "gateway"), is_free=True,
    )  # fmt: skip
    access = BrokerAccess(
        host="h", port=1, is_tls=True, ca="ca", cert="cert", key="key",
        login=MqttLogin(username="ada", password="lovelace"),
    )  # fmt: skip
    settings = PlatformSettings(
        mqtt_port=1, http_port=2, store="sqlite:///x", devices=[device], plant=("B01",),
        products={"pk": "product secret"}, vendor_files=True,
        signed_only=True, contract={"timeout_s_min": 10, "retry_counts_allowed": (1, 2)},
        log=Path("/runs/x/events-001.jsonl.gz"), part=1, is_of_run=True, seed=7, org="o",
        app_key="k", app_secret="s", broker=access,
    )  # fmt: skip

    line = to_line(settings)

    assert "\n" not in line
    assert from_line(line) == settings
    assert "product secret" not in repr(settings)
    assert from_line(to_line(PlatformSettings())) == PlatformSettings(devices=[])
