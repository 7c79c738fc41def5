"""Envision EnOS: devices over MQTT, gateways among them, or over HTTP; connect-service API v2.1.

Sources, unless a module names another: the EnOS documentation 2.0.9 to 3.0 ("Developing OTA
Capabilities on Devices", "Connecting to EnOS", "Common Parameter Description", the "V2.1 …" pages
of the Connection Service API), and the behaviour of its device SDKs for Python and Java, which
differ from the pages here and there. Where both are silent, the decision is ours and says so.

Not here: the channel by which another system speaks for a product (securemode 4), commands that
enable, disable or delete a device, and everything that has nothing to do with upgrades.
"""
