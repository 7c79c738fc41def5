"""MQTT 3.1.1 without a socket: packets, topics, the session of a client and the whole of a broker.

Bytes and instants go in, events and bytes come out, so the same lines serve thousands of real
sockets and a run in virtual time.

Rules of the room:
    - Time is an argument, whole milliseconds; nothing here waits, sleeps or reads a clock.
    - What a peer sends is never trusted: whatever is malformed raises `MqttError` and nothing else.
    - Everything a peer can make grow has a limit with a name and a reason (`BrokerLimits`).
    - Order is certain: no sets, no iteration over anything but lists and dictionaries.
    - An idle device costs slots: no task, no timer, no dictionary of its own.

The broker serves the whole of the specification, and shared subscriptions as brokers serve them to
clients of it (`shared`). What a connection has ends with it (`connection`); what may outlive it is
the `session`, which those that are away keep for a while (`sessions`). A message comes in through
`gate` and `intake` and leaves through `delivery`; an `outbox` holds it to its last acknowledgement.

It never knows a vendor, an upgrade or a device: who may connect and speak where, and whether
anything is kept for who is away, is decided by the `Authority` that is handed in.

Source: MQTT Version 3.1.1, OASIS Standard, 29 October 2014 (cited as "MQTT" with its section).
"""
