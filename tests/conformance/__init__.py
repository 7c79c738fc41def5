"""What a stranger meets at the door: MQTT 3.1.1 clause by clause, and clients nobody here wrote.

Every clause is shown on the embedded broker and on a real Mosquitto by the same test. The packets
are written and read by `octets`, which shares nothing with the codec under test.
"""

import pytest

pytest.register_assert_rewrite(
    "tests.conformance.mosquitto_clients", "tests.conformance.raw_client"
)
