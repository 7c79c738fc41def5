import pytest

from fleet_sim.backend.scope import compile_scope
from fleet_sim.model.northbound import Scope
from tests.backend.playbook import PRODUCT, registration

DEVICE = registration(
    "d1",
    asset_id="a1",
    attributes=(("model", "m1"), ("rev", "b")),
    tags=(("site", "north"),),
    groups=("g1", "g2"),
    trees=(("t1", ("root", "hall", "shelf")),),
)


@pytest.mark.parametrize(
    ("scope", "accepted"),
    [
        (Scope(), True),
        (Scope(total=False), False),
        (Scope(total=False, device_keys=("d0", "d1")), True),
        (Scope(total=False, device_keys=("d10",)), False),
        (Scope(total=False, device_keys=()), False),
        (Scope(total=False, asset_ids=("a1",)), True),
        (Scope(total=False, asset_ids=("a2",)), False),
        (Scope(total=False, groups=("g2", "g9")), True),
        (Scope(total=False, groups=("g9",)), False),
        (Scope(total=False, attributes=(("model", ("m0", "m1")),)), True),
        (Scope(total=False, attributes=(("model", ("m1",)), ("rev", ("a",)))), False),
        (Scope(total=False, attributes=(("colour", ("red",)),)), False),
        (Scope(total=False, attributes=()), False),
        (Scope(total=False, tags=(("site", ("north",)),)), True),
        (Scope(total=False, tags=(("site", ("south",)),)), False),
        (Scope(total=False, trees=(("t1", ()),)), True),
        (Scope(total=False, trees=(("t1", ("hall",)),)), True),
        (Scope(total=False, trees=(("t1", ("yard",)),)), False),
        (Scope(total=False, trees=(("t2", ()),)), False),
        (Scope(total=False, trees=(("t2", ()), ("t1", ("shelf",)))), True),
    ],
)
def test_a_selector_accepts_the_devices_it_names(scope: Scope, accepted: bool) -> None:
    """Each selector by itself: what it takes and what it leaves."""
    assert compile_scope(scope, PRODUCT)(DEVICE) is accepted


def test_no_scope_reaches_into_another_product() -> None:
    """A device of another product is out, even if it is named."""
    scope = Scope(total=False, device_keys=("d1",))

    assert not compile_scope(scope, "other")(DEVICE)
    assert not compile_scope(Scope(), "other")(DEVICE)
