"""What an enemy with an HTTP client sends to a device channel; data, to be replayed anywhere.

Each case is `(name, method, path and query, body)`. Paths have placeholders: `{own}` and `{other}`
stand for `product key/device key` of the sender and of somebody else, `{session}` for the sender's
session. Each of `HTTP` is refused, with another code than 200. Those of `ODD` get 200, as any
message does on a topic that is the sender's own and means nothing. No case changes anything.
"""

from __future__ import annotations

from typing import Final

_INFORM = "ota/device/inform"
_REPORT = b'{"id":"7","params":{"version":"6.6.6"}}'
_FILE = "fileUri=enos-connect%3A%2F%2F65f0c0ffee00000000000001.bin"
_DOWNLOAD = "/multipart/sys/{own}/file/download?sessionId={session}&category=ota"

HTTP: Final[tuple[tuple[str, str, str, bytes], ...]] = (
    # logins
    ("a login of nothing", "POST", "/auth/{own}", b""),
    ("a login of a list", "POST", "/auth/{own}", b"[]"),
    ("a login of half an object", "POST", "/auth/{own}", b'{"sign":'),
    ("a login without end", "POST", "/auth/{own}", b'{"a":' * 50_000),
    ("a login too large", "POST", "/auth/{own}", b" " * 700_000),
    ("a login that is no UTF-8", "POST", "/auth/{own}", b'{"sign":"\xff"}'),
    ("a login without a signature", "POST", "/auth/{own}",
     b'{"signMethod":"sha256","lifetime":300000}'),
    ("a login signed by nobody", "POST", "/auth/{own}",
     b'{"signMethod":"sha256","lifetime":300000,"sign":"00"}'),
    ("a login for ever", "POST", "/auth/{own}",
     b'{"signMethod":"sha256","lifetime":99999999999,"sign":"00"}'),
    ("a login for no time", "POST", "/auth/{own}",
     b'{"signMethod":"sha256","lifetime":0,"sign":"00"}'),
    ("a login of no device", "POST", "/auth/", b"{}"),
    ("a login of half a device", "POST", "/auth/pk", b"{}"),
    ("a login with a wildcard", "POST", "/auth/%23/%2B", b"{}"),
    ("a login with a NUL", "POST", "/auth/pk/%00", b"{}"),
    ("a login that is no text", "POST", "/auth/pk/%ff%fe", b"{}"),
    ("a login of a very long key", "POST", "/auth/pk/" + "x" * 5_000, b"{}"),
    ("a login that asks", "GET", "/auth/{own}", b""),
    # messages
    ("no session", "POST", "/topic/sys/{own}/" + _INFORM, _REPORT),
    ("an empty session", "POST", "/topic/sys/{own}/" + _INFORM + "?sessionId=", _REPORT),
    ("a session of nobody", "POST", "/topic/sys/{own}/" + _INFORM + "?sessionId=x", _REPORT),
    ("two sessions", "POST",
     "/topic/sys/{own}/" + _INFORM + "?sessionId={session}&sessionId=x", _REPORT),
    ("a session that is no text", "POST",
     "/topic/sys/{own}/" + _INFORM + "?sessionId=%ff%00", _REPORT),
    ("another's topic", "POST", "/topic/sys/{other}/" + _INFORM + "?sessionId={session}", _REPORT),
    ("an upgrade for itself", "POST",
     "/topic/sys/{own}/ota/device/upgrade?sessionId={session}", _REPORT),
    ("a reply for itself", "POST",
     "/topic/sys/{own}/ota/device/inform_reply?sessionId={session}", _REPORT),
    ("children", "POST", "/topic/ext/session/{own}/combine/login?sessionId={session}", _REPORT),
    ("no topic", "POST", "/topic/?sessionId={session}", _REPORT),
    ("a payload of nothing", "POST", "/topic/sys/{own}/" + _INFORM + "?sessionId={session}", b""),
    ("a payload of another shape", "POST",
     "/topic/sys/{own}/" + _INFORM + "?sessionId={session}", b'{"id":"7","params":[]}'),
    ("a payload too large", "POST",
     "/topic/sys/{own}/thing/x?sessionId={session}", b"x" * 600_000),
    ("a message that asks", "GET", "/topic/sys/{own}/" + _INFORM + "?sessionId={session}", b""),
    # files
    ("a file without a session", "GET",
     "/multipart/sys/{own}/file/download?category=ota&" + _FILE, b""),
    ("a file by another's path", "GET",
     "/multipart/sys/{other}/file/download?sessionId={session}&category=ota&" + _FILE, b""),
    ("a file that is not there", "GET",
     _DOWNLOAD + "&" + _FILE, b""),
    ("a file of the system", "GET",
     _DOWNLOAD + "&fileUri=file%3A%2F%2F%2Fetc%2Fpasswd", b""),
    ("a file above the folder", "GET",
     _DOWNLOAD + "&fileUri=enos-connect%3A%2F%2F..%2F..%2Fetc%2Fpasswd", b""),
    ("a file of another category", "GET",
     "/multipart/sys/{own}/file/download?sessionId={session}&category=feature&" + _FILE, b""),
    ("a place that is not there", "GET",
     "/multipart/sys/{own}/file/download/url?sessionId={session}&category=ota&" + _FILE, b""),
    ("a file to be deleted", "POST",
     "/multipart/sys/{own}/file/delete?sessionId={session}&" + _FILE, b""),
    ("a form", "POST", "/multipart/sys/{own}/thing/measurepoint/post?sessionId={session}", b"x"),
    ("another method", "DELETE", "/topic/sys/{own}/" + _INFORM + "?sessionId={session}", b""),
)  # fmt: skip

# Dots mean nothing in a topic: these are topics of the sender's, however they look.
ODD: Final[tuple[tuple[str, str, str, bytes], ...]] = (
    ("a way to another's topic", "POST",
     "/topic/sys/{own}/../../{other}/" + _INFORM + "?sessionId={session}", _REPORT),
    ("a hidden way to another's topic", "POST",
     "/topic/sys/{own}%2F..%2F..%2F{other}/" + _INFORM + "?sessionId={session}", _REPORT),
    ("a topic with more", "POST",
     "/topic/sys/{own}/thing/x?sessionId={session}&topic=/sys/{other}/" + _INFORM, _REPORT),
)  # fmt: skip
