"""Alink: the devices of Alibaba Cloud's IoT Platform, and of Tuya's successor to it.

Two dialects share it, for Tuya's migration page sends its customers' devices to Alibaba's own SDK.
What differs between the two is northbound, and stands in their folders. How a device asks for a
block is the same with both; jobs by blocks are Alibaba's alone.

The platform delivers without a SUBSCRIBE and answers neither a version nor progress: only who asks
for a task, or for a block of a file, is answered. Success is a version report of the right module,
never a progress of 100.

Sources, unless a module names another: the pages "Establish MQTT connections (over TCP)", "OTA
updates" (topics and data formats), "OTA updates for devices", "Error codes for device SDKs" and
"FAQ about errors related to OTA updates"; the Link SDKs for C (3.x, 4.1) and Python (1.2.13), as
read and as seen on the wire. Where all are silent, the decision is ours and says so.

Not here: packages of several files, which no neutral image describes; the signature of the
platform over a digest; what the platform refuses of MQTT itself (a keep-alive outside of 30 to
1200 s, wills, retained messages); and everything that has nothing to do with upgrades.
"""
