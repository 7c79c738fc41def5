"""An operator on `enos-poseidon`, the SDK for EnOS' northbound API; runs where that is installed.

First line of stdin: `app_key`, `app_secret`. Then calls, an object a line: `url`, and as wished
`body` (text), `method`, `content_type`, `token` (sign the call with it, by the gateway's documented
scheme), `logs_in` (make the body that asks for a token). Each is answered on stdout by
`{"event": "answered", "answer": …}`, what `urlopen` returned; `{"event": "raised", "why": …}` tells
what it raised.

The SDK prints its errors, so stdout is kept from it.
"""

import contextlib
import hashlib
import json
import sys
import time
import urllib.parse

from poseidon import poseidon


def signature(call, settings):
    """Return the headers of the gateway's documented scheme.

    Source: "Invoking API with Access Token" (API 2.1): the token, the query's parameters sorted and
    joined, the body unless it is multipart, the timestamp and the secret, in one SHA-256.
    """
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(call["url"]).query)
    params = "".join(name + value for name, value in sorted(query))
    body = "" if call.get("content_type") else call.get("body") or ""
    now = timestamp()
    return {
        "apim-accesstoken": call["token"],
        "apim-timestamp": now,
        "apim-signature": sha256(call["token"] + params + body + now + settings["app_secret"]),
    }


def login(settings):
    """Return the body of a call for a token. Source: "Get Access Token" (API 2.1)."""
    now = timestamp()
    proof = sha256(settings["app_key"] + now + settings["app_secret"])
    return {"appKey": settings["app_key"], "encryption": proof, "timestamp": int(now)}


def timestamp():
    """Return the milliseconds since 1970, as text."""
    return str(int(time.time() * 1000))  # noqa: TID251 - its own clock, as any client's


def sha256(text):
    """Return the hex digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def carry_out(call, settings):
    """Make one call; return the event that tells of it."""
    headers = signature(call, settings) if call.get("token") else None
    body = login(settings) if call.get("logs_in") else call.get("body")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            answer = poseidon.urlopen(
                settings["app_key"],
                settings["app_secret"],
                call["url"],
                body,
                headers,
                method=call.get("method"),
                content_type=call.get("content_type"),
            )
    except Exception as error:  # noqa: BLE001 - whatever the SDK lets through is told
        return {"event": "raised", "why": f"{type(error).__name__}: {error}"}
    return {"event": "answered", "answer": answer}


def main():
    """Read the settings, then make calls until stdin ends."""
    settings = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        sys.stdout.write(json.dumps(carry_out(json.loads(line), settings)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
