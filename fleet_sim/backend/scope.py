"""Who a job is for: the scope's selectors, turned into one question about a registration.

The source versions stand apart, because a device changes its version while a job runs and the
question is asked again before every push.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_sim.model.identity import Registration
from fleet_sim.model.northbound import Scope

Test = Callable[[Registration], bool]
Accepted = tuple[tuple[str, tuple[str, ...]], ...]


def compile_scope(scope: Scope, product_key: str) -> Test:
    """Return the test a registered device must pass to be in scope.

    A scope that is not total and names nothing accepts nobody.
    """
    chosen = _selector(scope)
    return lambda registration: (
        registration.device.product_key == product_key and chosen(registration)
    )


def _selector(scope: Scope) -> Test:
    if scope.total:
        return lambda _: True
    if scope.device_keys is not None:
        keys = frozenset(scope.device_keys)
        return lambda registration: registration.device.device_key in keys
    if scope.asset_ids is not None:
        assets = frozenset(scope.asset_ids)
        return lambda registration: registration.asset_id in assets
    if scope.groups is not None:
        groups = frozenset(scope.groups)
        return lambda registration: not groups.isdisjoint(registration.groups)
    return _selector_by_trait(scope)


def _selector_by_trait(scope: Scope) -> Test:
    if scope.attributes is not None:
        attributes = scope.attributes
        return lambda registration: _has_all(dict(registration.attributes), attributes)
    if scope.tags is not None:
        tags = scope.tags
        return lambda registration: _has_all(dict(registration.tags), tags)
    if scope.trees is not None:
        trees = scope.trees
        return lambda registration: _hangs_in(dict(registration.trees), trees)
    return lambda _: False


def _has_all(own: Mapping[str, str], accepted: Accepted) -> bool:
    return bool(accepted) and all(own.get(name) in values for name, values in accepted)


def _hangs_in(own: Mapping[str, tuple[str, ...]], accepted: Accepted) -> bool:
    """Tell whether the device hangs in one of the trees, below one of the nodes if any is named."""
    return any(
        tree in own and (not nodes or not set(nodes).isdisjoint(own[tree]))
        for tree, nodes in accepted
    )
