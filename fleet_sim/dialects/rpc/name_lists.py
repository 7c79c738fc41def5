"""Files of device names, for jobs over more devices than a call can name.

    GenerateDeviceNameListURL ──► Host, Key, AccessKeyId, Policy, Signature, FileUrl
    POST form to Host         ──► the file, one name a line
    CreateOTAStaticUpgradeJob ──► its DnListFileUrl names the file

Where the page is silent it is decided so: the file is UTF-8, with or without a byte order mark;
empty lines, blanks around a name and repetitions say nothing.

A file that came in is kept as long as a firmware's (see `uploads`); the page gives the call that
names it an hour.

Source: "GenerateDeviceNameListURL" for the limits, which each say where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet_sim.dialects.rpc import codes
from fleet_sim.dialects.rpc.asked import Asked
from fleet_sim.dialects.rpc.codes import refuse
from fleet_sim.dialects.rpc.parameters import TEXT_CHARS_MAX
from fleet_sim.dialects.wire import DialectError

PARAMETER = "DnListFileUrl"
SUFFIX = "csv"
GOOD_MS = 60_000  # the page: the form is to be posted within a minute
BYTES_MAX = 5 << 20  # the page says 5 MB, and not of which size: the larger one is taken
# The page, which has a job by a longer file fail. "CreateOTAStaticUpgradeJob" speaks of a million
# devices in a file; of the two, the page on the file itself is taken.
NAMES_MAX = 10_000


def names_of(asked: Asked) -> tuple[str, ...] | None:
    """Return the names in the file that a call names, None where it names no file.

    Raises:
        RpcError: There is no such file, or what is in it is no list of names.
    """
    url = asked.given.text(PARAMETER)
    if not url:
        return None
    found = asked.uploads.file_of(url)
    if found is None or not found[0].endswith(f".{SUFFIX}"):
        refuse(PARAMETER, "names no device list that was uploaded", codes.NO_SUCH_FILE)
    return _read(found[1])


def write(names: Sequence[str]) -> bytes:
    """Write a file of names.

    Raises:
        DialectError: A name would not be read as it is.
    """
    strange = next((name for name in names if name.strip().splitlines() != [name]), None)
    if strange is not None:
        raise DialectError(f"{strange[:80]!r} cannot stand in a list of one name a line")
    return "\n".join(names).encode()


def _read(content: bytes) -> tuple[str, ...]:
    if len(content) > BYTES_MAX:
        refuse(PARAMETER, f"names a file of more than {BYTES_MAX} bytes")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        refuse(PARAMETER, "names a file that is no UTF-8")
    names = tuple(dict.fromkeys(name for line in lines if (name := line.strip())))
    if not 0 < len(names) <= NAMES_MAX:
        refuse(PARAMETER, f"names a file of {len(names)} names; 1 to {NAMES_MAX} are legal")
    if any(len(name) > TEXT_CHARS_MAX or "\x00" in name for name in names):
        refuse(PARAMETER, f"names a file with a NUL, or over {TEXT_CHARS_MAX} letters, in a line")
    return names
