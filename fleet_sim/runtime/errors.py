"""What the world does to us, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TargetError(Exception):
    """The environment is not as it must be: a file, a certificate, a port, a target; exit code 3.

    Trying again changes nothing. The message is one sentence for the person who can change it.
    """

    exit_code = 3


class BrokenError(Exception):
    """A part of the simulator itself ended in the midst of a run; exit code 5."""

    exit_code = 5


class BrokerError(Exception):
    """A broker could not be reached, this time. The message is one sentence."""


class DownloadError(Exception):
    """A firmware file cannot be had from where a device was sent. The message is one sentence."""


@contextmanager
def ungrouped(*kinds: type[Exception]) -> Iterator[None]:
    """Raise the first error of these kinds by itself, out of the groups that task groups make.

    A task group wraps even what its own body raises, and nobody who waits for a `TargetError`
    would find it in there. Groups without such an error pass through as they are.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        found: BaseException | None = group.subgroup(kinds)
        if found is None:
            raise
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        raise found from group
