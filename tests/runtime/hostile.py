"""What an enemy with a socket sends to a broker; data, to be replayed against any platform.

Each case is `(name, …)`. Topics and filters have the placeholders `{own}` and `{other}`, which
stand for `product key/device key` of the sender and of somebody else.
"""

from __future__ import annotations

import json
from typing import Final

from fleet_sim.dialects.enos import codes
from fleet_sim.mqtt.encoding import encode
from fleet_sim.mqtt.kinds import (
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Puback,
    Publish,
    Subscribe,
    Will,
)

_HELLO = encode(Connect("device", "nobody&nothing", b"wrong"))

# Bytes before, or instead of, a CONNECT. The broker closes, with or without a CONNACK that refuses.
BEFORE_CONNECT: Final[tuple[tuple[str, bytes], ...]] = (
    # Its second byte promises 69 more, for which the broker waits before it judges.
    ("an HTTP request", b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + b"x" * 60 + b"\r\n\r\n"),
    ("a TLS hello", bytes.fromhex("16030100c8010000c40303") + bytes(196)),
    ("zeros", bytes(64)),
    ("ones", b"\xff" * 64),
    ("a length without end", b"\x10\xff\xff\xff\xff\xff"),
    ("a length of 256 MiB", b"\x10\xff\xff\xff\x7f" + b"x" * 100),
    ("a PUBLISH", encode(Publish("a", b"x", 0, 0))),
    ("a SUBSCRIBE to everything", encode(Subscribe(1, (("#", 1),)))),
    ("a ping", encode(Pingreq())),
    ("a DISCONNECT", encode(Disconnect())),
    ("a CONNACK", encode(Connack(0))),
    ("a PUBACK", encode(Puback(1))),
    ("another protocol", b"\x10\x0c\x00\x04HTTP\x04\x02\x00\x3c\x00\x00"),
    ("an older protocol", b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00"),
    ("a newer protocol", b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"),
    ("a reserved flag", b"\x10\x0c\x00\x04MQTT\x04\x03\x00\x3c\x00\x00"),
    ("a password without a user", b"\x10\x0f\x00\x04MQTT\x04\x42\x00\x3c\x00\x00\x00\x01x"),
    ("a client id that is not UTF-8", b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02\xc3\x28"),
    ("no client id and a session to keep", b"\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00"),
    ("a stranger", _HELLO),
    ("a stranger with a will", encode(Connect("device", "a&b", b"c", will=Will("#", b"x", 1)))),
    ("nobody at all", encode(Connect("device"))),
    ("a very long client id", encode(Connect("x" * 60_000, "a&b", b"c"))),
)

# Securemode, device and secret of a CONNECT that is signed well, by nobody who may: it is refused.
# The product of {own} gives no secrets, and no secret there is empty.
SIGNED: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("no secret at all", "2", "{own}", ""),
    ("a stranger without a secret", "2", "{product}/stranger", ""),
    ("a product without secrets", "3", "{product}/stranger", ""),
    ("a product's name for its secret", "3", "{product}/stranger", "{product}"),
    ("a device's secret for its product's", "3", "{own}", "{secret}"),
    ("a channel of a product", "4", "{product}/%channel%", "{secret}"),
    ("a channel in a device's name", "4", "{own}", "{secret}"),
    ("a mode of its own", "5", "{own}", "{secret}"),
    ("a mode of nothing", "", "{own}", "{secret}"),
    ("a device that is a wildcard", "2", "{product}/+", "{secret}"),
    ("a product that is a wildcard", "3", "#/stranger", ""),
)

# Bytes on an admitted connection that break the protocol. The broker closes.
AFTER_CONNECT: Final[tuple[tuple[str, bytes], ...]] = (
    ("a second CONNECT", _HELLO),
    ("a message to a wildcard", b"\x30\x04\x00\x01#x"),
    ("a message to nowhere", b"\x30\x03\x00\x00x"),
    ("a message at QoS 3", b"\x36\x06\x00\x01a\x00\x01x"),
    ("a message at QoS 2", b"\x34\x06\x00\x01a\x00\x01x"),
    ("a message without an id", b"\x32\x06\x00\x01a\x00\x00x"),
    ("a topic longer than its packet", b"\x30\x04\x00\x09ax"),
    ("a topic that is not UTF-8", b"\x30\x05\x00\x02\xc3\x28x"),
    ("a topic with a NUL", b"\x30\x05\x00\x02a\x00x"),
    ("no filter", b"\x82\x02\x00\x01"),
    ("a filter that is none", b"\x82\x08\x00\x01\x00\x03a#b\x00"),
    ("a SUBSCRIBE with other flags", b"\x80\x06\x00\x01\x00\x01a\x00"),
    ("packet type 0", b"\x00\x00"),
    ("packet type 15", b"\xf0\x00"),
    ("a CONNACK", encode(Connack(0))),
    ("a packet above a mebibyte", b"\x30\x81\x80\x40" + b"x" * 100),
)


def _asked(params: object) -> str:
    return json.dumps({"id": "7", "params": params}, separators=(",", ":"))


# What a gateway asks on its own topics, below `/ext/session/` or `/sys/`, and the reply's code. The
# child is somebody else, `<product>` and `<key>`, whose signature is never among it.
_CHILD = {"productKey": "<product>", "deviceKey": "<key>"}
_SIGNED = {**_CHILD, "clientId": "x", "timestamp": "1", "signMethod": "sha256", "sign": "0" * 64}
GATEWAY: Final[tuple[tuple[str, str, str, int], ...]] = (
    ("a login of nothing", "combine/login", "", codes.PAYLOAD_EMPTY),
    ("a login of nobody", "combine/login", _asked({}), codes.PAYLOAD_NOT_JSON),
    ("a login without a signature", "combine/login", _asked(_CHILD), codes.PAYLOAD_NOT_JSON),
    ("a login of somebody else", "combine/login", _asked(_SIGNED), 742),
    ("a login by a channel", "combine/login", _asked({**_SIGNED, "secureMode": "4"}), 742),
    ("a login by the product", "combine/login", _asked({**_SIGNED, "secureMode": "3"}), 770),
    ("a login by nobody's hash", "combine/login", _asked({**_SIGNED, "signMethod": "crc"}), 742),
    ("a batch of no list", "combine/login/batch", _asked({"subDevices": {}}),
     codes.PAYLOAD_NOT_JSON),
    ("a batch of lists", "combine/login/batch", _asked({"subDevices": [[], []]}),
     codes.PAYLOAD_NOT_JSON),
    ("the same again and again", "combine/login/batch", _asked({"subDevices": [_SIGNED] * 2_000}),
     742),
    ("a batch too large", "combine/login/batch", _asked({"subDevices": [_SIGNED] * 4_000}),
     codes.PAYLOAD_TOO_LARGE),
    ("a logout of nobody", "combine/logout", _asked({}), codes.PAYLOAD_NOT_JSON),
    ("a logout of somebody else", "combine/logout", _asked(_CHILD), 200),
    ("a child of somebody else", "thing/topo/add", _asked([_SIGNED]), 742),
    ("a child that is none", "thing/topo/add", _asked([5]), codes.PAYLOAD_NOT_JSON),
    ("the end of a child it has not", "thing/topo/delete", _asked([_CHILD]), 1256),
    ("a question without an object", "thing/topo/get", "7", codes.PAYLOAD_NOT_JSON),
)  # fmt: skip

# Payloads on the device's own inform topic, and the code of the reply.
PAYLOADS: Final[tuple[tuple[str, bytes, int], ...]] = (
    ("nothing", b"", codes.PAYLOAD_EMPTY),
    ("blanks", b" \n", codes.PAYLOAD_EMPTY),
    ("half an object", b'{"id":"7","params":{"version":', codes.PAYLOAD_NOT_JSON),
    ("a list", b"[1,2]", codes.PAYLOAD_NOT_JSON),
    ("a text", b'"1.0"', codes.PAYLOAD_NOT_JSON),
    ("no UTF-8", b'{"id":"7","params":{"version":"\xff"}}', codes.PAYLOAD_NOT_JSON),
    ("not a number", b'{"id":NaN,"params":{}}', codes.PAYLOAD_NOT_JSON),
    ("lists without end", b"[" * 100_000, codes.PAYLOAD_NOT_JSON),
    ("objects without end", b'{"a":' * 100_000, codes.PAYLOAD_NOT_JSON),
    ("no params", b'{"id":"7"}', codes.PAYLOAD_NOT_JSON),
    ("params of another type", b'{"id":"7","params":[]}', codes.PAYLOAD_NOT_JSON),
    ("no version", b'{"id":"7","params":{}}', codes.PAYLOAD_NOT_JSON),
    ("an empty version", b'{"id":"7","params":{"version":""}}', codes.PAYLOAD_NOT_JSON),
    ("a version of another type", b'{"id":"7","params":{"version":{}}}', codes.PAYLOAD_NOT_JSON),
    ("a version with a NUL", b'{"id":"7","params":{"version":"\\u0000"}}', codes.PAYLOAD_NOT_JSON),
    ("half a pair", b'{"id":"7","params":{"version":"\\ud800"}}', codes.PAYLOAD_NOT_JSON),
    ("an id of another type", b'{"id":{},"params":{"version":"1"}}', codes.PAYLOAD_NOT_JSON),
    ("too much", b'{"id":"7","params":{"version":"1","x":"' + b"x" * 530_000 + b'"}}',
     codes.PAYLOAD_TOO_LARGE),
)  # fmt: skip

# Payloads on the device's own progress topic, and the code of the reply. It has no attempt, so even
# what is well formed changes nothing.
PROGRESS: Final[tuple[tuple[str, bytes, int], ...]] = (
    ("a step above the end", b'{"id":"7","params":{"step":"101"}}', codes.PAYLOAD_NOT_JSON),
    ("a step in words", b'{"id":"7","params":{"step":"half"}}', codes.PAYLOAD_NOT_JSON),
    ("half a step", b'{"id":"7","params":{"step":"0.5"}}', codes.PAYLOAD_NOT_JSON),
    ("a step of a thousand digits", b'{"id":"7","params":{"step":' + b"9" * 1_000 + b"}}",
     codes.PAYLOAD_NOT_JSON),
    ("a desc of another type", b'{"id":"7","params":{"step":"1","desc":[]}}',
     codes.PAYLOAD_NOT_JSON),
    ("a desc of half a mebibyte", b'{"id":"7","params":{"step":"1","desc":"' + b"x" * 500_000
     + b'"}}', 200),
    ("a desc of nearly a mebibyte", b'{"id":"7","params":{"step":"1","desc":"' + b"x" * 1_040_000
     + b'"}}', codes.PAYLOAD_TOO_LARGE),
    ("line ends of other scripts", '{"id":"7","params":{"step":"1","desc":"a\u2028b\u0085c"}}'
     .encode(), 200),
    ("a failure of nothing", b'{"id":"7","params":{"step":"-999999","desc":""}}', 200),
)  # fmt: skip

# Topics that are not the sender's to publish on; a PUBACK is all that comes.
TOPICS: Final[tuple[str, ...]] = (
    "/sys/{other}/ota/device/inform",
    "/sys/{other}/ota/device/progress",
    "/sys/{other}/ota/device/upgrade",
    "/sys/{own}/ota/device/upgrade",
    "/sys/{own}/ota/device/inform_reply",
    "/sys/{own}x/ota/device/inform",
    "/sys//ota/device/inform",
    "$SYS/broker/version",
    "$share/group/x",
    "a",
    "/",
    "/" * 20,
    "/sys/{own}/ota/device/inform/more",
    "/ext/session/{own}/thing/activate/info",
    "/ext/session/{own}/combine/login_reply",
    "/ext/session/{other}/combine/login",
    "/ext/session/{other}/combine/logout",
    "/ext/session/{other}/thing/activate/info",
    "/ext/session/{other}/thing/activate/info_reply",
    "/sys/{other}/thing/topo/add",
    "x" * 1_000,
)

# Filters that reach beyond the sender's own topics; each is refused.
FILTERS: Final[tuple[str, ...]] = (
    "#",
    "+/#",
    "/#",
    "/sys/#",
    "/sys/+/+/ota/device/upgrade",
    "/sys/{other}/ota/device/upgrade",
    "/sys/{other}/#",
    "+/sys/{own}/#",
    "$SYS/#",
    "$share/group//sys/{other}/#",
    "$share/group//sys/{own}/#",
    "/ext/session/{other}/#",
)
