from fleet_sim.mqtt.authority import Admission, AllowAll
from fleet_sim.mqtt.packets import Connect


def test_allow_all_allows_all() -> None:
    """Anybody is in, under the name it gives, and may do anything."""
    authority = AllowAll()

    assert authority.admit(Connect("d1"), "peer") == Admission("d1", (), exclusive=True)
    assert authority.may_publish("d1", "any/topic")
    assert authority.may_subscribe("d1", "#")
