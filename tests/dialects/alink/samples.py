"""Golden samples: what the official SDKs were seen to send, and which device they were.

Each has an own device, with the secret `secret`; identifiers and secrets are ours.
"""

from __future__ import annotations

# C Link SDK 4.1: a fixed timestamp, a comma before the last bar, SHA-256; no SUBSCRIBE at all.
C_CLIENT_ID = (
    "pk1.dev1|timestamp=2524608000000,_ss=1,_v=sdk-c-4.1.0,securemode=2,"
    "signmethod=hmacsha256,ext=3,|"
)
C_CONTENT = "clientIdpk1.dev1deviceNamedev1productKeypk1timestamp2524608000000"
C_INFORM = b'{"id":1,"params":{"version":"1.0.0"}}'
C_INFORM_MODULE = b'{"id":2,"params":{"version":"1.0.0","module":"MCU"}}'
C_PROGRESS = b'{"id":3,"params":{"step":"5","desc":""}}'
C_PROGRESS_FAILED = b'{"id":4,"params":{"step":"-4","desc":""}}'
C_GET = b'{"id":5,"params":{}}'
C_BLOCK = (
    b'{"id":"1","version":"1.0","params":{"fileToken":"default",'
    b'"fileInfo":{"streamId":1397345,"fileId":1,},"fileBlock":{"size":5120,"offset":0}}}'
)

# Python Link SDK 1.2.13: seconds, SHA-1, an ampersand in the client id, and always id 1 in inform.
PYTHON_CLIENT_ID = (
    "pk1&dev1|securemode=3,signmethod=hmacsha1,ext=1,_ss=1,lan=Python,_v=1.2.13,"
    "timestamp=1700000000|"
)
PYTHON_CONTENT = "clientIdpk1&dev1deviceNamedev1productKeypk1timestamp1700000000"
PYTHON_INFORM = b'{"id": 1, "params": {"version": "1.0.0", "module": "default"}}'
PYTHON_PROGRESS = b'{"id": 2, "params": {"step": 35, "desc": "downloading", "module": "MCU"}}'
PYTHON_GET = b'{"id": 3, "params": {"module": "MCU"}}'
