from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.model.identity import DeviceId
from fleet_sim.scenario.credentials import (
    FORM,
    FORM_OF_FAMILIES,
    KEY_MAX,
    Credential,
    Families,
    read_credentials,
)
from fleet_sim.scenario.errors import ScenarioError


def refused(text: str) -> list[str]:
    """Return what is told of a file that cannot be used."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials(text, "d.csv")
    return [str(mistake) for mistake in caught.value.mistakes]


def test_devices_are_read_a_line_each() -> None:
    """Heading, comments, empty lines, spaces and quotes are all usual in such files."""
    text = 'product_key,device_key,device_secret\n# ours\n\nP, d1, s1\n"P","d2","s,2",1.0\n'

    assert read_credentials(text, "d.csv") == (
        Credential(DeviceId("P", "d1"), "s1"),
        Credential(DeviceId("P", "d2"), "s,2", "1.0"),
    )


def test_every_wrong_line_is_told_without_its_secret() -> None:
    """A message may end in a CI log."""
    said = refused("P,d1\nP,d2,hush\nP,d2,hush\nP,d3,hush,1,2\nP,,hush\n")

    assert [one.split(": ")[0] for one in said] == [f"d.csv:{line}:1" for line in (1, 3, 4, 5)]
    assert not any("hush" in one for one in said)


def test_a_device_may_be_without_a_secret_where_its_products_is_at_hand() -> None:
    """It activates; its version may stand there all the same."""
    assert read_credentials("P,d1,\nP,d2,,1.0\n", "d.csv", may_activate=True) == (
        Credential(DeviceId("P", "d1"), ""),
        Credential(DeviceId("P", "d2"), "", "1.0"),
    )


def test_a_device_without_a_secret_is_told_otherwise() -> None:
    """One sentence each: which device, in which line, and what would help."""
    (said,) = refused("P,d1,s1\nP,d2,\n")

    assert said == (
        "d.csv:2:1: the device P/d2 has no secret; write it, or set FLEET_SIM_PRODUCT_SECRET so "
        "that it activates"
    )


def test_a_line_without_keys_is_no_device_even_so() -> None:
    """There is nobody to activate."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials("P,,\n,d,\nP,d\n", "d.csv", may_activate=True)

    assert [one.line for one in caught.value.mistakes] == [1, 2, 3]


def test_no_line_of_the_file_may_be_shown() -> None:
    """Whatever is wrong with it: secrets stand in all of them."""
    with pytest.raises(ScenarioError) as caught:
        read_credentials("P,d1\nP,d2,hush\nP,d2,hush\nP,a/b,hush\nP,d3,\n", "d.csv")

    assert [one.line for one in caught.value.mistakes] == [1, 3, 4, 5]
    assert all(one.is_secret for one in caught.value.mistakes)


def test_an_empty_file_is_told() -> None:
    """A run without devices would be green for nothing."""
    assert refused("# none\n") == [f"d.csv: no devices are in this file; write {FORM}"]


def test_a_secret_is_not_in_what_is_printed() -> None:
    """Neither in logs nor in a failing test."""
    assert "hush" not in repr(Credential(DeviceId("P", "d"), "hush"))


def test_a_heading_may_order_the_columns_and_write_them_otherwise() -> None:
    """As consoles export them; again where two files were joined."""
    text = "deviceKey,Product Key,firmware,device_secret\nd1,P,1.0,s1\n"

    assert read_credentials(text + text.replace("d1", "d2"), "d.csv") == (
        Credential(DeviceId("P", "d1"), "s1", "1.0"),
        Credential(DeviceId("P", "d2"), "s1", "1.0"),
    )


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        (
            "product_key,device_key,device_secrt",
            (
                'there is no column "device_secrt"; did you mean "device_secret"? '
                "(device_key, device_secret, firmware, product_key)"
            ),
        ),
        (
            "product_key,device_key,device_secret,",
            'there is no column ""; known are: device_key, device_secret, firmware, product_key',
        ),
        ("product_key,device_key,firmware", f'the column "device_secret" is missing; write {FORM}'),
        ("product_key,product_key,device_key", 'the column "product_key" stands here twice'),
    ],
)
def test_a_wrong_heading_is_told_and_nothing_below_it(heading: str, text: str) -> None:
    """Nobody knows what stands where."""
    assert refused(f"# ours\n{heading}\nP,d1\n") == [f"d.csv:2:1: {text}"]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("P,d", f"2 columns; write {FORM}"),
        ("P", f"1 column; write {FORM}"),
        ("P;d;hush", f"1 column; write {FORM}, with commas, not semicolons, in between"),
        ("P\td\thush", f"1 column; write {FORM}, with commas, not tabs, in between"),
        ("P,d,hush,1,", f"5 columns; write {FORM}"),
        (",d,hush", "the product key is empty"),
        ("P, ,hush", "the device key is empty"),
        ("P,d,hu\0sh", "the device secret holds a character that cannot be printed"),
        ("P,d,hush,1 0", "the firmware is no version; write up to 64 characters without spaces"),
        (
            f"P,{'d' * (KEY_MAX + 1)},hush",
            "the device key has 1,001 characters; there may be 1,000",
        ),
        ('P,d,"hush', "not CSV: a quote opens in this line and is not closed in it"),
        ('P,d,"hu"sh', "not CSV: behind a closing quote stands something other than a comma"),
    ],
)
def test_each_mistake_has_its_sentence_and_hides_no_other(row: str, text: str) -> None:
    """The lines around it are read as if it were not there."""
    said = refused(f"P,a,hush\n{row}\nP,a,hush\n")

    assert said == [f"d.csv:2:1: {text}", "d.csv:3:1: the device P/a stands in line 1 already"]


def test_a_line_has_as_many_columns_as_its_heading() -> None:
    """But for a version at the end, which may be left out in any line."""
    heading = "device_secret,device_key,product_key"

    assert refused(f"{heading}\ns,d,P,1\n") == [f"d.csv:2:1: 4 columns; write {heading}"]
    assert read_credentials("product_key,device_key,device_secret,firmware\nP,d,s\n", "d.csv") == (
        Credential(DeviceId("P", "d"), "s"),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_editors_see_it(end: str) -> None:
    """On any system; what else Unicode takes for the end of a line is a part of it."""
    text = end.join(["P,d1,s1", "", "P,d2,s\x0c2", "P"])

    assert [one.split(" ")[0] for one in refused(text)] == ["d.csv:3:1:", "d.csv:4:1:"]


def test_a_file_of_something_else_is_not_read_to_its_end() -> None:
    """A thousand mistakes say enough."""
    assert len(refused("what is this\n" * 5000)) == 1000


@given(st.text(max_size=200))
def test_any_text_is_read_or_told(text: str) -> None:
    """No file brings a traceback."""
    with suppress(ScenarioError):
        assert read_credentials(text, "d.csv")


@pytest.mark.parametrize("key", ["a/b", "a+", "#", "a\x07b"])
def test_a_key_that_no_topic_can_hold_is_refused(key: str) -> None:
    """It would reach into other devices' topics, or into none."""
    with pytest.raises(ScenarioError, match="cannot be part of an MQTT topic") as told:
        read_credentials(f"pk,{key},s3cret\n", "devices.csv")

    assert "s3cret" not in str(told.value)


# --- gateways and their children ---------------------------------------------------------------


def families(
    text: str, kind: Families = Families.TRUSTED, *, may_activate: bool = False
) -> tuple[Credential, ...]:
    """Read a file in which gateways may be named."""
    return read_credentials(text, "d.csv", families=kind, may_activate=may_activate)


def test_a_child_is_named_with_its_gateway() -> None:
    """In the fifth column, or under its heading; it needs no secret, and stands where it likes."""
    gateway, child = DeviceId("G", "g1"), DeviceId("P", "d1")
    mine, its = Credential(child, "", "", gateway), Credential(gateway, "s", "1.0")

    assert families("P,d1,,,G/g1\nG,g1,s,1.0\n") == (mine, its)
    heading = "product_key,device_key,gateway,firmware,device_secret"
    told = families(f"{heading}\nP,d1,G/g1,,\nG,g1,,1.0,s\n")
    assert told == (mine, replace(its, is_free=True))


@pytest.mark.parametrize(
    ("text", "is_free"),
    [
        ("P,d1,s\n", False),
        ("P,d1,s,1.0\n", False),
        ("P,d1,s,,\n", True),
        ('P,d1,s,," "\n', True),
        ("product_key,device_key,device_secret,gateway\nP,d1,s,\n", True),
        ("product_key,device_key,device_secret,gateway\nP,d1,s\n", False),
        ("product_key,device_key,device_secret\nP,d1,s\n", False),
    ],
)
def test_an_empty_column_is_more_than_none(text: str, *, is_free: bool) -> None:
    """The one says that there is no gateway, the other says nothing of gateways."""
    (one,) = families(text)

    assert (one.gateway, one.is_free) == (None, is_free)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("P,d1,s,1.0,g1", "the gateway is no device; write product_key/device_key"),
        ("P,d1,s,1.0,G/none", "the gateway of P/d1 is in no line; give it one of its own"),
        ("P,d1,s,1.0,P/d2", "the gateway of P/d1 has a gateway itself; name one that connects"),
        ("P,d1,s,1.0,P/d1", "the gateway of P/d1 has a gateway itself; name one that connects"),
        ("P,d1,s,1.0,G/g1,", f"6 columns; write {FORM_OF_FAMILIES}"),
    ],
)
def test_a_child_of_nobody_is_told(line: str, told: str) -> None:
    """A gateway connects by itself, and stands in the file; whoever was named is not shown."""
    with pytest.raises(ScenarioError) as error:
        families(f"G,g1,s\nP,d2,s,,G/g1\n{line}\n")

    assert str(error.value) == f"d.csv:3:1: {told}"


def test_a_child_that_is_signed_for_needs_a_secret() -> None:
    """Its own, or its product's where that is at hand; else no gateway could bring it."""
    text = "G,g1,s\nP,d1,s,,G/g1\nP,d2,,,G/g1\n"

    with pytest.raises(ScenarioError) as error:
        families(text, Families.SIGNED)

    assert str(error.value) == (
        "d.csv:3:1: the device P/d2 has no secret; write it, or set FLEET_SIM_PRODUCT_SECRET so "
        "that it activates"
    )
    assert len(families(text.replace("d2,,", "d2,s,"), Families.SIGNED)) == 3
    assert len(families(text, Families.SIGNED, may_activate=True)) == 3


@pytest.mark.parametrize("may_activate", [False, True])
def test_a_platform_without_gateways_has_no_children(*, may_activate: bool) -> None:
    """Nobody would speak for them: each is told; an empty column is none."""
    text = "G,g1,s,,\nP,d1,s,,G/g1\nP,d2,,1.0,G/g1\n"

    with pytest.raises(ScenarioError) as error:
        families(text, Families.NONE, may_activate=may_activate)

    assert [str(one) for one in error.value.mistakes] == [
        f"d.csv:{line}:1: the platform of this dialect knows no gateways; leave out that of {child}"
        for line, child in ((2, "P/d1"), (3, "P/d2"))
    ]
    assert len(families("G,g1,s,,\nP,d1,s\n", Families.NONE)) == 2


def test_a_run_has_no_gateways() -> None:
    """Its devices connect by themselves, so the column is none of a run's."""
    heading = "product_key,device_key,device_secret,gateway"

    (said,) = refused(f"{heading}\nG,g1,s\n")

    assert said.startswith('d.csv:1:1: there is no column "gateway"')
