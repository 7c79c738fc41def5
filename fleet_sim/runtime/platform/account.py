"""Who a platform is, and who may operate it."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_sim.dialects import registry
from fleet_sim.dialects.interface import Dialect
from fleet_sim.model.chance import identifier
from fleet_sim.runtime.errors import TargetError
from fleet_sim.runtime.platform.settings import PlatformSettings
from fleet_sim.runtime.real_time import epoch_ms, monotonic_ns
from fleet_sim.scenario.vocabulary import DEFAULT_DIALECT

if TYPE_CHECKING:  # A run reads from here who operates its platform, and needs no database for it.
    from fleet_sim.runtime.platform.storage import FileStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One platform's own identity; lives in its store, under these names.

    Attributes:
        org: The organisation.
        app_key: The operator's.
        app_secret: Likewise.
        product_key: A product of its own: its sample device's, and of firmware that names none.
        product_secret: By which devices of that product activate.
        device_key: One of them, to try a client with.
        device_secret: Its.
        seed: From which ids are drawn.
        epoch_ms: The wall clock at t = 0.
        dialect: Whose platform it is; a store that does not say is older than the choice.
    """

    org: str
    app_key: str
    app_secret: str = field(repr=False)
    product_key: str
    product_secret: str = field(repr=False)
    device_key: str
    device_secret: str = field(repr=False)
    seed: int
    epoch_ms: int
    dialect: str = DEFAULT_DIALECT

    @property
    def origin_ns(self) -> int:
        """The monotonic instant of t = 0, also of an earlier process: timers keep their anchor."""
        return monotonic_ns() - (epoch_ms() - self.epoch_ms) * 1_000_000


async def account_in(store: FileStore, settings: PlatformSettings) -> Account:
    """Read who the platform is from its store, or settle it now and for ever.

    Raises:
        TargetError: The store is another dialect's.
    """
    kept = await store.meta_get("account")
    if kept is not None:
        return _same_dialect(Account(**kept), settings.dialect)
    account = _new_account(settings)
    await store.meta_put("account", dataclasses.asdict(account))
    return account


def _same_dialect(account: Account, wanted: str) -> Account:
    if account.dialect != wanted:
        raise TargetError(
            f"the store is that of a platform of {account.dialect}, not of {wanted}; serve it with "
            f"--dialect {account.dialect}, or name another --store"
        )
    return account


def _new_account(settings: PlatformSettings) -> Account:
    dialect = registry.get(settings.dialect)
    return Account(
        org=settings.org or dialect.org_of(secrets.token_hex(16)),
        app_key=settings.app_key or dialect.operator_key_of(secrets.token_hex(16)),
        app_secret=settings.app_secret or dialect.operator_key_of(secrets.token_hex(16)),
        product_key=secrets.token_hex(4),
        product_secret=secrets.token_hex(16),
        device_key="sample-device",
        device_secret=secrets.token_hex(16),
        seed=secrets.randbelow(2**32) if settings.seed is None else settings.seed,
        epoch_ms=epoch_ms(),
        dialect=dialect.name,
    )


def operator_of_run(dialect: Dialect, seed: int) -> tuple[str, str]:
    """Return key and secret of the operator of a run's own platform."""
    key, secret = (identifier(seed, "operator", of, digits=32) for of in ("app key", "app secret"))
    return dialect.operator_key_of(key), dialect.operator_key_of(secret)
