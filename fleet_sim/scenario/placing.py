"""Which device gets what: identity, version, link, persona, and when it is switched on."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from fractions import Fraction
from string import ascii_letters, digits

from fleet_sim.device.timings import Timings
from fleet_sim.model.chance import draw, identifier
from fleet_sim.model.identity import DeviceId
from fleet_sim.network.profiles import LinkProfile
from fleet_sim.scenario.credentials import Credential
from fleet_sim.scenario.errors import Mistake, ScenarioError
from fleet_sim.scenario.models import Fleet
from fleet_sim.scenario.planned import DevicePlan
from fleet_sim.scenario.shares import dealt

_LETTERS = digits + ascii_letters
PRODUCT_KEY_CHARS = 8  # As EnOS' own are.
_PRODUCTS_SHOWN_MAX = 5
_SECRET_DIGITS = 32
_NUMBER_DIGITS = 5  # `meters-00001`; larger fleets grow another digit.


def product_key(fleet: str, seed: int) -> str:
    """Return a fleet's product key: eight letters and digits."""
    number = int(identifier(seed, fleet, "product", digits=24), 16)
    return "".join(
        _LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)]
        for place in range(PRODUCT_KEY_CHARS)
    )


def device_ids(fleet: str, count: int, seed: int) -> Iterator[Credential]:
    """Make up devices: `meters-00001` and on, with secrets that only the seed decides."""
    product = product_key(fleet, seed)
    for number in range(1, count + 1):
        device = DeviceId(product, f"{fleet}-{number:0{_NUMBER_DIGITS}d}")
        yield Credential(device, identifier(seed, str(device), "secret", digits=_SECRET_DIGITS))


def divided(
    registered: Sequence[Credential], counts: Mapping[str, int], ordered: Collection[str], file: str
) -> dict[str, tuple[Credential, ...]]:
    """Divide the devices of a file among the fleets.

    Each fleet, in turn, takes its devices from the first product that has enough left, in the order
    of the file. What is left in the end takes no part. A fleet without a job may be of several
    products, where no single one is large enough.

    Args:
        registered: What stands in the file, in order.
        counts: Fleet to how many devices it needs.
        ordered: The fleets that a job is for: an image, and so a job, is one product's.
        file: The file's name.

    Raises:
        ScenarioError: There are too few of them, in all or of one product.
    """
    needed = sum(counts.values())
    if needed > len(registered):
        have = f"{len(registered):,} device{'' if len(registered) == 1 else 's'}"
        hint = f"--devices {len(registered)} scales them down"
        text = f"has {have}, but the fleets need {needed:,}; {hint}"
        raise ScenarioError([Mistake(file, 0, 0, "", text)])
    left: dict[str, deque[Credential]] = {}
    for one in registered:
        left.setdefault(one.device.product_key, deque()).append(one)
    hands: dict[str, tuple[Credential, ...]] = {}
    for name, count in counts.items():
        sources = [rows for rows in left.values() if len(rows) >= count][:1]
        if not sources and name in ordered:
            raise ScenarioError([Mistake(file, 0, 0, "", _too_small(name, count, left))])
        hands[name] = tuple(_taken(sources or list(left.values()), count))
    return hands


def _taken(sources: Iterable[deque[Credential]], count: int) -> Iterator[Credential]:
    """Take so many devices, product by product."""
    for rows in sources:
        while rows and count:
            count -= 1
            yield rows.popleft()


def _too_small(name: str, count: int, left: Mapping[str, Sized]) -> str:
    sizes = [f"{len(rows):,} of {product}" for product, rows in left.items() if len(rows)]
    shown = ", ".join(sizes[:_PRODUCTS_SHOWN_MAX]) + (", …" if sizes[_PRODUCTS_SHOWN_MAX:] else "")
    return (
        f"the fleet {name} needs {count:,} devices of one product, as a job is for one; left are "
        f"{shown}; --devices N scales them down"
    )


def connect_at_ms(index: int, count: int, over_ms: int, *, seed: int, who: str) -> int:
    """Return when a device is switched on: its own slice of the span, a drawn place within.

    0                    over
    |  x  |x    |   x |  x |     four devices, a slice each
    """
    return int(over_ms * (index + draw(seed, who, "connect")) / count)


def place(
    name: str,
    fleet: Fleet,
    credentials: Sequence[Credential],
    *,
    seed: int,
    dialect: str,
    links: Mapping[str, LinkProfile],
) -> tuple[DevicePlan, ...]:
    """Place the devices of one fleet.

    Args:
        name: The fleet's name.
        fleet: What the scenario says of it.
        credentials: Identity and secret of each device, in order; a version in one of them wins.
        seed: The run's.
        dialect: The vendor they speak like.
        links: Built-in links and the scenario's own, by name.
    """
    count = len(credentials)
    versions = dealt(count, fleet.firmware, seed=seed, who=name, purpose="version")
    networks = dealt(count, fleet.network, seed=seed, who=name, purpose="link")
    personas = dealt(count, fleet.personas, seed=seed, who=name, purpose="persona")
    # The slices of the connect span are dealt too, or the first devices would always come first.
    order = dealt(
        count, [(at, Fraction(1)) for at in range(count)], seed=seed, who=name, purpose="turn"
    )
    timings = Timings(install_ms=fleet.install_ms, reboot_ms=fleet.reboot_ms)
    return tuple(
        DevicePlan(
            device=credential.device,
            secret=credential.secret,
            fleet=name,
            dialect=dialect,
            version=credential.version or versions[index],
            link=links[networks[index]],
            persona=personas[index],
            timings=timings,
            connect_at_ms=connect_at_ms(
                order[index], count, fleet.connect.over_ms, seed=seed, who=str(credential.device)
            ),
            attributes=fleet.attributes,
            tags=fleet.tags,
        )
        for index, credential in enumerate(credentials)
    )
