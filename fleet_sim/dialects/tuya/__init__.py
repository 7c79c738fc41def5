"""Tuya's successor to Alibaba's IoT platform: the same devices and API, spelled its own way.

The northbound is of Tuya's cloud for private customers, where ListOTATaskByJob belongs; the public
platform's `/v1.0/…` API is another one.
"""
