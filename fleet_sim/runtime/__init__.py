"""What touches the world: sockets, files, clocks, processes. It carries, and decides nothing.

A rig mounts one device (agent, dialect, link, MQTT session) on a world; the platform mounts the
broker, the backend's brain, its dialect and its store. Both are the same lines in both worlds:

    real_time     asyncio, sockets, a database file      one clock: the host's monotonic clock
    virtual_time  a heap, memory, a database in memory   one clock: a number that jumps

An `if` about upgrades in here is in the wrong room. Where to look:

    a run        virtual_run; real_run with its real_world, the platform's child and, by URL, a
                 target; conductor (when it is over), abort, generator (what it cost), run_folder
    its fleet    fleet, rig, line, download; keep_alive; sockets, file_addresses
    its operator control, by writes, with its images; known_firmware before, clean_up after;
                 observer (reads); northbound with patience, asking where answers are awaited
    its log      run_log, wire_records
    a target     target, broker_access; preflight, meeting and first_contact find out what it lets
                 us do, refusals says so
    a platform   platform, commits, storage, files; platform_process with platform_settings,
                 account and store_place
    its ways to  embedded_broker on mqtt_server; stock_broker with presence; http_channel on
    devices      http_server, which is the operators' way in, too; gateways, whichever the way
    the wires    mqtt_client, http_client; memory, which stands in for all of them
"""
