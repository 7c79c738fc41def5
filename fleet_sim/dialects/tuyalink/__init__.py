"""TuyaLink: devices of the public Tuya platform, by its generic MQTT protocol (`tylink/…`).

The device side alone. The platform's own northbound knows no batches, so the jobs of these devices
are made through that of the other Tuya; see `dialects/tuya`.

Neither reports nor pushes are answered: only who asks for a task is. Success is a report of the
right version of the right channel, after a restart; that one with `INIT` is as good as one with
`UPDATE` is inferred, and a progress of 100 is not known to mean anything.

Sources, unless a module names another: "Protocol Access" (connection), "MQTT Topics" and "OTA
Firmware Updates" (readable up to the version report), the official Java demo; two clients of other
people for the fields of pushes and progress. What none of them says is a keyword of the codecs,
with the reason of its default beside it.
"""
