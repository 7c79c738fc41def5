from fleet_sim.mqtt.broker import AllowAll, Broker, BrokerLimits
from fleet_sim.mqtt.client import Connected, Ponged
from fleet_sim.runtime.platform.mqtt_server import MqttServer
from tests.runtime.thin_client import dialling


async def test_a_thin_client_talks_to_a_broker() -> None:
    """In, a ping, out."""
    server = MqttServer()
    broker = Broker(BrokerLimits(), AllowAll())
    await server.start("127.0.0.1", 0, broker, lambda _: None, lambda: 0)

    async with dialling(server.port) as dialler:
        client = await dialler.new("d1")
        await client.hear(Connected)
        client.session.ping()
        client.say()
        await client.hear(Ponged)
        client.session.disconnect()
        client.say()
        assert await client.closed() == "closed by the broker"
    await server.stop()
