"""Tuya's successor to Alibaba's IoT platform: the same devices and API, spelled its own way.

That its devices speak the whole of Alink is inferred: its own guide for devices could not be read,
but its migration page names Alibaba's SDK for them, and its API has Alink's names throughout. Their
download is over HTTPS alone.

The northbound is of Tuya's cloud for private customers, where ListOTATaskByJob belongs; the public
platform's `/v1.0/…` API is another one.
"""
