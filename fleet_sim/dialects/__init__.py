"""Vendors' languages: one folder a vendor, each a set of codecs between wire and neutral words.

A dialect takes values in and gives values out: topics and JSON, credentials, HTTP requests and
answers, in both directions, so that the simulated fleet, the reference backend and a client of
somebody's backend all speak through the same lines. Success rules and status words that differ by
vendor are data (`contract`), never an `if` elsewhere.

It never opens a socket, reads a clock or keeps a device's state, and nothing vendor-shaped leaves a
vendor's folder. What a peer got wrong is a `DialectError`, and no decoder raises anything else.
"""
