"""The strategies draw what they promise."""

from hypothesis import given

from fleet_sim.mqtt.packets import Publish
from fleet_sim.mqtt.topics import is_filter, is_topic
from tests.mqtt.packets_drawn import FILTERS, PUBLISHES, TOPICS


@given(TOPICS, FILTERS)
def test_topics_and_filters_are_legal(topic: str, topic_filter: str) -> None:
    """No drawn packet is refused for its topic."""
    assert is_topic(topic)
    assert is_filter(topic_filter)


@given(PUBLISHES)
def test_a_message_has_an_identifier_exactly_above_qos_0(packet: Publish) -> None:
    """The identifier is 0 at QoS 0 and above it otherwise."""
    assert bool(packet.packet_id) == (packet.qos > 0)
