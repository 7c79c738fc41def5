"""Envision EnOS: devices over MQTT with a static secret, and the connect-service API v2.1.

Sources, unless a module names another: the EnOS documentation 2.0.9 to 3.0 ("Developing OTA
Capabilities on Devices", "Connecting to EnOS", "Common Parameter Description", the "V2.1 …" pages
of the Connection Service API), and the behaviour of its device SDKs for Python and Java, which
differ from the pages here and there. Where both are silent, the decision is ours and says so.

Not here yet: gateways and sub-devices, dynamic activation, the HTTP device channel.
"""
