from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.dialects.rpc.casing import lowered, raised, without_nulls


def test_only_the_first_letter_changes() -> None:
    """As the two vendors' samples have it."""
    pascal = {"Data": {"SimpleOTATaskInfo": [{"IotId": "I", "Value": {"X": None}}]}, "Total": 1}
    camel = {"data": {"simpleOTATaskInfo": [{"iotId": "I", "value": {"x": None}}]}, "total": 1}

    assert lowered(pascal) == camel
    assert raised(camel) == pascal


def test_nulls_are_left_out_at_every_depth() -> None:
    """But not what is merely empty, and not of lists."""
    assert without_nulls({"a": None, "b": [{"c": None, "d": ""}, None], "e": {}}) == {
        "b": [{"d": ""}, None],
        "e": {},
    }


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_any_json_can_be_respelled(value: object) -> None:
    """What a peer answers need have no letters in its keys."""
    lowered(value)
    raised(value)
    without_nulls(value)
