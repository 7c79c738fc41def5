"""What the world does to us, in one sentence each."""

from __future__ import annotations


class TargetError(Exception):
    """The environment is not as it must be: a file, a certificate, a port, a target; exit code 3.

    Trying again changes nothing. The message is one sentence for the person who can change it.
    """

    exit_code = 3


class BrokerError(Exception):
    """A broker could not be reached, this time. The message is one sentence."""
