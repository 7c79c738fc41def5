"""Whoever orders upgrades and watches them, as a client of the northbound API.

control       carries out the plan's jobs, by writes, with their images
observer      reads how they go
known_firmware, clean_up   what is there before, and is taken back after
others        whom somebody else's jobs keep busy
northbound    the session under all of them, with its patience; asking, where answers are awaited
"""
