"""Devices on a world.

mount         a plan's devices become rigs
rig           one device: what its agent wants is carried out, what it hears is told
line          its connections; keep_alive says who has to ping
download      its transfers of a file; http_fetch by HTTP, from where file_addresses finds it
sockets       its way to a broker, in real time
"""
