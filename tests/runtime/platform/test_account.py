from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fleet_sim.dialects import registry
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.account import account_in, operator_of_run
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.platform.storage import FileStore
from fleet_sim.runtime.real_time import monotonic_ns

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FileStore]:
    """A store that nobody has used."""
    opened = await FileStore.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    await opened.close()


async def test_what_was_settled_once_stays(store: FileStore) -> None:
    """Other settings change nothing of a store that has an account."""
    first = await account_in(store, PlatformSettings())

    assert await account_in(store, PlatformSettings(org="o1", app_key="k", seed=7)) == first


async def test_what_is_told_is_taken(store: FileStore) -> None:
    """The rest is drawn, the operator's keys in the vendor's form."""
    account = await account_in(store, PlatformSettings(org="o1", app_secret="s", seed=7))

    assert (account.org, account.app_secret, account.seed) == ("o1", "s", 7)
    assert _KEY.fullmatch(account.app_key)


async def test_a_store_remembers_whose_it_is(store: FileStore) -> None:
    """Another dialect's platform cannot make sense of what is in it."""
    await account_in(store, PlatformSettings())
    kept = await store.meta_get("account")
    await store.meta_put("account", {**kept, "dialect": "acme"})

    with pytest.raises(TargetError) as caught:
        await account_in(store, PlatformSettings())

    assert str(caught.value) == (
        "the store is that of a platform of acme, not of enos; serve it with --dialect acme, or "
        "name another --store"
    )


async def test_a_store_that_does_not_say_whose_it_is_is_of_the_first_dialect(
    store: FileStore,
) -> None:
    """It was made when there was no other."""
    account = await account_in(store, PlatformSettings())
    kept = await store.meta_get("account")
    assert kept.pop("dialect") == "enos"
    await store.meta_put("account", kept)

    assert await account_in(store, PlatformSettings()) == account


async def test_no_secret_is_printed(store: FileStore) -> None:
    """An account may stand in a failing test's output."""
    account = await account_in(store, PlatformSettings())

    for secret in (account.app_secret, account.product_secret, account.device_secret):
        assert secret not in repr(account)


async def test_t_0_is_when_the_store_was_first_opened(store: FileStore) -> None:
    """By the monotonic clock, within what two reads of the wall clock can be apart."""
    origin_ns = monotonic_ns()

    account = await account_in(store, PlatformSettings())

    assert abs(account.origin_ns - origin_ns) < 60_000_000_000


def test_a_runs_operator_is_its_seeds() -> None:
    """The same seed gives the same key and secret, another one others."""
    dialect = registry.get("enos")

    key, secret = operator_of_run(dialect, 1)

    assert _KEY.fullmatch(key)
    assert _KEY.fullmatch(secret)
    assert key != secret
    assert operator_of_run(dialect, 1) == (key, secret)
    assert not {key, secret} & {*operator_of_run(dialect, 2)}
