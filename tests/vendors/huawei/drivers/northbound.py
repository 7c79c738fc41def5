"""An operator on `huaweicloudsdkiotda`, Huawei's SDK for IoTDA; runs where that is installed.

First line of stdin: `url`, `access_key`, `secret`, `project`, and as wished `derived` (sign by a
derived key, as editions with an instance do). Then calls, an object a line: `call`, a method of the
client, and `request`, the attributes of its request in the SDK's own names; `spoils` changes what
is sent once it is signed (`body`, `path`, `query` or `date`). Each is answered on stdout:

    {"event": "answered", "outcome": "taken", "status": 201, "sent": …, "raw": …, "read": …}
    {"event": "answered", "outcome": "refused", "kind", "status", "code", "text", "request_id"}
    {"event": "answered", "outcome": "raised", "why": …}

`sent` and `raw` are the bodies as they went over the wire, `read` is what the SDK made of the
answer, in its own names.
"""

import json
import sys

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from huaweicloudsdkiotda import v5
from huaweicloudsdkiotda.v5 import IoTDAClient

SEND_S = 30


def client_of(settings):
    """Return a client of one project."""
    credentials = BasicCredentials(settings["access_key"], settings["secret"], settings["project"])
    if settings.get("derived"):
        credentials = credentials.with_derived_predicate(lambda _: True)
        credentials._process_derived_auth_params("iotdm", "cn-north-4")
    return (
        IoTDAClient.new_builder()
        .with_credentials(credentials)
        .with_endpoint(settings["url"])
        .build()
    )


def built(kind, given):
    """Return an object of the SDK of this type, made of JSON; what has no class stays as it is."""
    if kind.startswith("list["):
        return [built(kind[5:-1], one) for one in given]
    model = getattr(v5, kind, None)
    if model is None or not isinstance(given, dict):
        return given
    types = model.openapi_types
    return model(**{name: built(types[name], one) for name, one in given.items()})


class Wire:
    """What went over the wire in the latest call.

    It stands before the SDK's HTTP library, behind its signature.
    """

    def __init__(self):
        self.spoils = None
        self.sent = None
        send = requests.Session.send

        def spoilt(session, prepared, **options):
            self.sent = prepared.body
            self._spoil(prepared)
            return send(session, prepared, **{**options, "timeout": SEND_S})

        requests.Session.send = spoilt

    def _spoil(self, prepared):
        match self.spoils:
            case "body":
                prepared.body = bytes(prepared.body).replace(b"1.0", b"1.1")
            case "path":
                prepared.url = prepared.url.replace("batchtasks", "batchTasks")
            case "query":
                prepared.url = prepared.url.replace("limit=10", "limit=11")
            case "date":
                date = prepared.headers["X-Sdk-Date"]
                prepared.headers["X-Sdk-Date"] = date[:-2] + ("1Z" if date[-2] == "0" else "0Z")


def carry_out(client, wire, call):
    """Make one call; return the event that tells of it."""
    wire.spoils = call.get("spoils")
    name = "".join(word.capitalize() for word in call["call"].split("_")) + "Request"
    try:
        response = getattr(client, call["call"])(built(name, call.get("request", {})))
    except ServiceResponseException as error:
        return {
            "event": "answered",
            "outcome": "refused",
            "kind": type(error).__name__,
            "status": error.status_code,
            "code": error.error_code,
            "text": error.error_msg,
            "request_id": error.request_id,
        }
    except Exception as error:  # noqa: BLE001 - whatever the SDK lets through is told
        return {
            "event": "answered",
            "outcome": "raised",
            "why": f"{type(error).__name__}: {error}",
        }
    return {
        "event": "answered",
        "outcome": "taken",
        "status": response.status_code,
        "sent": parsed(wire.sent),
        "raw": parsed(response.raw_content),
        "read": response.to_dict(),
    }


def parsed(content):
    """Return the JSON of a body, None for an empty one."""
    return json.loads(content) if content else None


def main():
    """Read the settings, then make calls until stdin ends."""
    client, wire = client_of(json.loads(sys.stdin.readline())), Wire()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(carry_out(client, wire, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
