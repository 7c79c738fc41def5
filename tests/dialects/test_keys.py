from fleet_sim.dialects.credentials import Keyring
from fleet_sim.model.identity import DeviceId
from tests.dialects.keys import Keys


def test_keys_tell_what_was_written_down() -> None:
    """And nothing of anybody else."""
    one, other = DeviceId("pk", "dk1"), DeviceId("pk", "dk2")
    keys: Keyring = Keys({one: "s"}, {"pk": "p"}, {one: other})

    assert (keys.secret_of(one), keys.secret_of(other)) == ("s", None)
    assert (keys.product_secret_of("pk"), keys.product_secret_of("pk2")) == ("p", None)
    assert (keys.gateway_of(one), keys.gateway_of(other)) == (other, None)
