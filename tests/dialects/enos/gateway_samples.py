"""Golden samples of gateways: what the vendor's pages show, and what the SDKs were seen to send.

Each names its source. Identifiers are the vendor's, or stand for some in the SDK's messages.
"""

from __future__ import annotations

# "Connect Sub-devices to EnOS Cloud" (2.1 to 2.4): request and answer.
LOGIN = b"""{
    "id": "123",
    "params": {
        "productKey": "theSubProductKey",
        "deviceKey": "theSubDeviceKey",
        "clientId": "theSubDeviceId",
        "timestamp": "1524448722000",
        "signMethod": "hmacmd5",
        "sign": "theSignature",
        "cleanSession": "true"
    },
    "method":"combine.login"
}"""
LOGIN_ANSWER = b"""{
  "id":"123",
  "code":200,
  "message":"success",
  "data": {
    "assetId": "t5CM9W2b",
    "productKey": "123",
    "deviceKey": "test"
  }
}"""

# "Connecting Sub-devices to EnOS Cloud in Batch" (2.0.9 to 3.0).
BATCH = b"""{
    "id":"1",
    "params":{
        "clientId":"Lx5Q1X6M",
        "subDevices":[
            {
                "sign":"c14fc21231e6c44849683ccfb7a2089895a278b37a30c33ccb58d3b8690d16e1",
                "deviceKey":"xGKFwfkEXz",
                "productKey":"x4jwTsoz"
            },
            {
                "sign":"1fbf0cd0903a9405d567fe5909a1aae75012df5465211db367c7666c0ae33bf2",
                "deviceKey":"cS9MdVJwO9",
                "productKey":"x4jwTsoz"
            }
        ],
        "signMethod":"sha256",
        "timestamp":"1564988853275"
    },
    "version":"1.1",
    "method":"combine.login.batch"
}"""
BATCH_ANSWER_IN_PART = b"""{
    "id":"1",
    "code":723,
    "data":{
        "loginedSubDevices":[
            {
                "assetId":"LhBLfxpG",
                "deviceKey":"cS9MdVJwO9",
                "productKey":"x4jwTsoz"
            }
        ],
        "failedSubDevices":[
            {
                "deviceKey":"xGKFwfkEXz",
                "productKey":"x4jwTsoz"
            }
        ]
    },
    "message":"x4jwTsoz&xGKFwfkEXz has error: Device is disable;"
}"""

# "Disconnecting a Sub-Device" (2.3, with an id that is a number; 3.0) and its two answers.
LOGOUT = b"""{
    "id": 123,
    "params": {
        "productKey": "yourProductKey",
        "deviceKey": "yourDeviceKey"
    },
    "version":"1.0",
    "method":"combine.logout"
}"""
LOGOUT_ANSWERS = (
    b'{"id": "123", "code": 200, "message": "", "data": {}}',
    (
        b'{"id": "123", "code": 200, "message": "success",'
        b' "data": {"productKey": "xxxxx", "deviceKey": "xxxxx"}}'
    ),
)

# "Add / Delete / Get Topological Relationships for Sub-devices" (2.2 to 2.4).
ADD = b"""{
  "id": "123",
  "version": "1.0",
  "params": [
    {
      "deviceKey": "yourDeviceKey",
      "productKey": "yourProductKey",
      "sign": "theSignature",
      "signmethod": "hmacSha1",
      "timestamp": "1524448722000",
      "clientId": "theSubDeviceId"
    }
  ],
  "method": "thing.topo.add"
}"""
REMOVE = b"""{
  "id": "123",
  "version": "1.0",
  "params": [{"deviceKey": "deviceKey1234", "productKey": "1234556554"}],
  "method": "thing.topo.delete"
}"""
LIST = b'{"id": "123", "version": "1.0", "params": {}, "method": "thing.topo.get"}'
LIST_ANSWER = (
    b'{"id": "123", "code": 200,'
    b' "data": [{"deviceKey": "deviceKey1234", "productKey": "1234556554"}]}'
)

# The device SDK for Python 0.1.1, run with the clock at 1,700,000,000 s, for pk1/dk1 and its secret
# `devsecret1`: a login's client id is both keys and the time, a batch's timestamp is in seconds.
PYTHON_LOGIN = (
    b'{"id": "3", "version": "1.0", "method": "combine.login", "params": {"productKey": "pk1", '
    b'"deviceKey": "dk1", "clientId": "pk1dk11700000000000", "timestamp": "1700000000000", '
    b'"sign": "7c9184d11d0b3fd9aa046a4bce471fef88c4ce392238398244b0e023f623a544", '
    b'"secureMode": "2", "signMethod": "hmacsha256", "cleanSession": "False"}}'
)
PYTHON_BATCH = (
    b'{"id": "4", "version": "1.0", "method": "combine.login.batch", "params": {"clientId": '
    b'"login.batch", "timestamp": "1700000000.25", "signMethod": "hmacsha256", "subDevices": '
    b'[{"productKey": "pk1", "deviceKey": "dk1", "secureMode": "2", '
    b'"sign": "b8d5434be8f4f554c53e06fdd7c98a13491f255795a0ca7bed42635b7f192f1e"}]}}'
)
PYTHON_ADD = (
    b'{"id": "5", "version": "1.0", "method": "thing.topo.add", "params": [{"productKey": "pk1", '
    b'"deviceKey": "dk1", "clientId": "pk1.dk1.1700000000000", "timestamp": "1700000000000", '
    b'"signMethod": "hmacsha256", '
    b'"sign": "3d9d749f39635ebcbf0c144b08c45e39265876b0c0b5f965d77f13cb9b935302"}]}'
)
PYTHON_REMOVE = (
    b'{"id": "6", "version": "1.0", "method": "thing.topo.delete", '
    b'"params": [{"productKey": "pk1", "deviceKey": "dk1"}]}'
)
PYTHON_LIST = b'{"id": "7", "version": "1.0", "method": "thing.topo.get", "params": {}}'
PYTHON_LOGOUT = (
    b'{"id": "8", "version": "1.0", "method": "combine.logout", '
    b'"params": {"productKey": "pk1", "deviceKey": "dk1"}}'
)
