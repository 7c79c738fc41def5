"""A platform: broker, backend and file server as a vendor's cloud has them.

platform      brain, gate and dialect under one roof; commits says when its words may leave
storage, files, account, store_place   what it keeps
process       it as a process, told by settings; child starts one for a run
ways in       embedded_broker on mqtt_server; stock_broker; http_channel on http_server, which
is the operators' way in, too; gateways, whichever the way
"""
