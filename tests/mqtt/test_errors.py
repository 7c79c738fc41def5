from fleet_sim.mqtt.errors import MqttError


def test_an_error_carries_its_code_and_nothing_else_at_first() -> None:
    """The code is for CONNACK; packets are added by who decodes."""
    error = MqttError("no", code=5)

    assert (str(error), error.code, error.packets) == ("no", 5, [])
    assert MqttError("no").code is None
