"""Golden samples: what the vendor's own pages show, and what the SDKs were seen to send.

Each names its source. Identifiers are the vendor's; nothing here is ours.
"""

from __future__ import annotations

# "V2.1 Create OTA Job": request and return sample.
CREATE_JOB_QUERY = (
    ("action", "create"),
    ("orgId", "yourOrgId"),
    ("firmwareId", "yourFirmwareId"),
)
CREATE_JOB_BODY = b"""{
"name":{
"defaultValue":"ota-job-test",
"i18nValue":{
}
},
"type":"upgrade",
"upgradePolicy":"snapshot",
"upgradeScope":{
"type":"partial",
"versionNumbers":[
"1.0"
],
"deviceKeys":[
"deviceKey1",
"deviceKey2"
]
},
"startSchedule":0,
"endSchedule":86399,
"enableUpgradeRequest":true
}"""
CREATE_JOB_ANSWER = b"""{
"code":0,
"msg":"OK",
"requestId":"0bdefc0f-369f-4664-a570-695f4e31877c",
"data":{
"jobId":"5ee1a91029b990001b9c188e"
}
}"""

# "V2.1 Search OTA Task": request and return sample (which asks for 5 rows a page and shows 10).
SEARCH_TASK_QUERY = (("action", "searchTask"), ("orgId", "yourOrgId"))
SEARCH_TASK_BODY = b"""{
    "expression":"deviceKey='ota-device1'",
    "pagination":{
        "pageNo":1,
        "pageSize":5
    }
}"""
SEARCH_TASK_ANSWER = b"""{
    "code":0,
    "msg":"OK",
    "requestId":"6b88c1ba-3388-4888-9429-6d332d4dbe2b",
    "data":[
        {
            "taskId":"5ed0de47646542001b3d1146",
            "orgId":"o15475466766371",
            "assetId":"FOrco0Hu",
            "productKey":"BXwU4kMk",
            "deviceKey":"ota-device1",
            "jobId":"5ed0de47646542001b3d1145",
            "fromVersion":"1.0",
            "toVersion":"2.0",
            "progress":null,
            "desc":"user cancel",
            "status":"failed",
            "updateTime":1590746699719
        }
    ],
    "pagination":{
        "sortedBy":null,
        "pageNo":1,
        "pageSize":10,
        "totalSize":1
    }
}"""

# "V2.1 Search Device Upgrade": request and the first two rows of the return sample.
SEARCH_DEVICE_QUERY = (("action", "searchDeviceUpgrade"), ("orgId", "yourOrgId"))
SEARCH_DEVICE_BODY = b"""{
    "expression": "productKey='yourProductKey'",
    "pagination": {
        "pageNo": 1,
        "pageSize": 5
    }
}"""
SEARCH_DEVICE_ANSWER = b"""{
    "code":0,
    "msg":"OK",
    "requestId":"7bd0040b-63c6-4173-b764-d2e8d6642dd3",
    "data":[
        {
            "orgId":"o15475466766371",
            "assetId":"rFFJ6j53",
            "productKey":"8UhOTwV5",
            "deviceKey":"WnszKfi8NU",
            "firmwareVersion":"7777",
            "isUpgrading":false
        },
        {
            "orgId":"o15475466766371",
            "assetId":"qOE2FZb5",
            "productKey":"BXwU4kMk",
            "deviceKey":"ota-device2",
            "firmwareVersion":"2.0",
            "isUpgrading":true
        }
    ],
    "pagination":{
        "sortedBy":null,
        "pageNo":1,
        "pageSize":5,
        "totalSize":9
    }
}"""

# "V2.1 Retry OTA Task": request sample.
RETRY_TASK_BODY = b'{"deviceKeys":["deviceKey1","deviceKey2"]}'

# "V2.1 Get OTA Job": the part of the return sample that names a job without policies.
JOB_INFO = {
    "orgId": "yourOrgId",
    "productKey": "yourProductKey",
    "jobId": "5ed0de47646542001b3d1145",
    "name": {"defaultValue": "name", "i18nValue": {}},
    "firmwareId": "5ed0dd4a646542001b3d113f",
    "type": "upgrade",
    "enableUpgradeRequest": True,
    "upgradePolicy": None,
    "upgradeScope": {
        "type": "total",
        "versionNumbers": ["1.0"],
        "deviceKeys": None,
        "attributes": None,
        "tags": None,
        "assetTrees": None,
    },
    "upgradeTimeout": 7200,
    "retryPolicy": None,
    "schedulePolicy": None,
    "maximumConcurrency": 300,
    "status": "started",
    "createTime": 1590746699719,
}

# The device SDK for Python 0.1.1: other methods than the pages, `step` and `desc` as strings.
PYTHON_INFORM = b'{"id":"1","version":"1.0","method":"ota.inform","params":{"version":1.10}}'
PYTHON_PROGRESS = (
    b'{"id":"3","version":"1.0","method":"ota.progress","params":{"step":"35","desc":""}}'
)
PYTHON_GETVERSION = b'{"id":"2","version":"1.0","method":"Ota.device.getversion","params":{}}'
# A device without a handler for the push answers with a code that is a string.
PYTHON_NO_HANDLER = (
    b'{"id":"77","code":"1101","data":{},"message":"downstream command handler not registered"}'
)
# The device SDK for Java over HTTP sends another protocol version.
JAVA_INFORM = b'{"id":"1","version":"1.1","method":"ota.device.inform","params":{"version":"1.0"}}'
