"""What touches the world: sockets, files, clocks, processes. It carries, and decides nothing.

A rig mounts one device (agent, dialect, link, MQTT session) on a world; the platform mounts the
broker, the backend's brain, its dialect and its store. Both are the same lines in both worlds:

    real_time     asyncio, sockets, a database file      one clock: the host's monotonic clock
    virtual_time  a heap, memory, a database in memory   one clock: a number that jumps

An `if` about upgrades in here is in the wrong room. Where to look:

    fleet/        devices on their way to a broker, and downloading
    operator/     whoever orders upgrades by the northbound API, and looks how they go
    platform/     broker, backend and file server, in a process of their own
    target/       somebody's broker and backend: what they are, and what they let us do
    a run         cloud (one vendor's share of it); virtual_run with a virtual_world a cloud;
                  real_run with a real_world a cloud, at its place in sites; conductor (when it is
                  over), abort, generator (what it cost), run_folder, file_handles
    its log       run_log, wire_records
    the wires     mqtt_client, http_client, tasks; memory, which stands in for all of them
"""
