"""What touches the world: sockets, files, clocks, processes. It carries, and decides nothing.

A rig mounts one device (agent, dialect, link, MQTT session) on a world; the platform mounts the
broker, the backend's brain, its dialect and its store. Both are the same lines in both worlds:

    real_time     asyncio, sockets, a database file      one clock: the host's monotonic clock
    virtual_time  a heap, memory, a database in memory   one clock: a number that jumps

An `if` about upgrades in here is in the wrong room.
"""
