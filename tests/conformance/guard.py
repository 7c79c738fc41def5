"""The same rules for both brokers: two users, a password each, and topics of their own.

| user | password | may publish on | may hear |
| --- | --- | --- | --- |
| writer | writing | `open/#` | `open/#` |
| reader | reading | nothing | everything |
"""

from __future__ import annotations

import subprocess
from collections.abc import Hashable
from pathlib import Path

from fleet_sim.mqtt.authority import Admission
from fleet_sim.mqtt.kinds import ConnackCode, Connect
from tests.conformance.mosquitto_clients import program_or_skip

PASSWORDS = {"writer": b"writing", "reader": b"reading"}
OPEN = "open/"
_ACL = """
user writer
topic readwrite open/#

user reader
topic read #
"""


class Guard:
    """The rules as the embedded broker's authority. A principal is (user, client identifier)."""

    def admit(self, connect: Connect, peer: str) -> Admission | int:
        """Let in who knows a password."""
        user = connect.username or ""
        if user not in PASSWORDS or PASSWORDS[user] != connect.password:
            return ConnackCode.NOT_AUTHORIZED
        return Admission((user, connect.client_id))

    def may_publish(self, principal: Hashable, topic: str) -> bool:
        """Only the writer may, where it is open."""
        return principal[0] == "writer" and topic.startswith(OPEN)  # type: ignore[index]

    def may_subscribe(self, principal: Hashable, topic_filter: str) -> bool:
        """The reader may anywhere, the writer where it is open."""
        return principal[0] == "reader" or topic_filter.startswith(OPEN)  # type: ignore[index]


def guard_files(folder: Path) -> tuple[str, ...]:
    """Write the rules for Mosquitto and return the lines of its configuration that name them."""
    passwords, rules = folder / "passwords", folder / "rules"
    passwords.write_bytes(
        b"".join(user.encode() + b":" + word + b"\n" for user, word in PASSWORDS.items())
    )
    program = program_or_skip("mosquitto_passwd")
    subprocess.run([program, "-U", str(passwords)], check=True, capture_output=True)
    rules.write_text(_ACL, encoding="utf-8")
    return ("allow_anonymous false", f"password_file {passwords}", f"acl_file {rules}")
