"""Runs as a person starts them, against brokers and backends that are not in the same process.

No source file is mirrored here: what is shown is that all parts together come to the same verdict
wherever the broker stands, and that a target which cannot work is told in one sentence. Each run is
a process of its own, and so is each `serve`; Mosquitto is a real one.
"""
