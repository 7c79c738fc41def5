"""The page "ListOTATaskByJob" of Tuya's documentation: its request and its answer, as printed.

Where the page slips, so that a reader does not look for it here:
- its table calls parameters and members `JobID`, `FirmwareID`, `IotID`, `TaskID`; its own request
  and answer say `JobId`, `firmwareId`, `iotId`, `taskId`;
- its table spells the members with a capital, its answer without;
- its table gives each row `Progress` and `ProductName`, and an answer `ErrorMessage`; its answer
  has none of the three: what is null is left out;
- its table prints instants with a blank in them, and `And * * * *` for an id;
- "Tequired" is "Required", and a code begins with `Iot.` that all other pages spell `iot.`;
- the asterisks in keys, ids and nonce hide what stood there, so the signature printed beside them
  cannot be worked out again: the secret that made it was printed nowhere either.

Source: "ListOTATaskByJob", last updated on 2025-10-10.
"""

from __future__ import annotations

KEY = "xMr9wgwXQLhv5AUa65o0****"
REQUEST = (
    "https://si-d6e******58054.tuyacloud.com:8686/?Action=ListOTATaskByJob"
    "&SignatureNonce=9e6189124f5a4716ad2de849467b****&AccessKeyId=xMr9wgwXQLhv5AUa65o0****"
    "&SignatureMethod=HMAC-SHA1&Timestamp=2024-11-19T09%3A47%3A43Z&JobId=183634077921266****"
    "&PageSize=10&CurrentPage=1&Signature=WJN0Ee8%2BX6pogcD3loLHIqQNEN0%3D"
)
# What no one can send today: the instant is past, the job another's, the secret unknown.
OF_ITS_DAY = ("Timestamp", "JobId", "Signature")

ANSWER = """\
{
    "code": "",
    "currentPage": 1,
    "data": {
        "simpleOTATaskInfo": [
            {
                "destVersion": "1.2.3",
                "deviceName": "device_actived",
                "firmwareId": "136",
                "iotId": "OZs5tjTkzRRTZSCekmbRk1****",
                "jobId": "183634077921266****",
                "productKey": "k1h9drZ****",
                "srcVersion": "0.0.0",
                "taskDesc": "fix device ota module",
                "taskId": "18363407798669****",
                "taskStatus": "FAILED",
                "timeout": "5",
                "utcCreate": "2024-09-18T09:45:34.139Z",
                "utcModified": "2024-09-18T09:45:34.148Z"
            }
        ]
    },
    "pageCount": 1,
    "pageSize": 10,
    "requestId": "fe273c87-abc9-483f-bd63-e9876d594cd3",
    "success": true,
    "total": 1
}
"""
# Members of the page's table that its answer does without, and a row of ours may have.
MAYBE = frozenset({"progress", "productName"})
