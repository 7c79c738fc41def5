from __future__ import annotations

import json

import pytest

from fleet_sim.dialects.enos import gateway_answers as answers
from fleet_sim.dialects.enos.gateways import EnosGateways
from fleet_sim.dialects.enos.payload import read_object
from fleet_sim.dialects.wire import DialectError
from fleet_sim.model.identity import DeviceId
from fleet_sim.model.messages import Child, ChildRefusal, GatewayAction, GatewayReply
from tests.dialects.enos import gateway_samples as samples

_ONE, _OTHER = DeviceId("x4jwTsoz", "cS9MdVJwO9"), DeviceId("x4jwTsoz", "xGKFwfkEXz")


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        (
            GatewayAction.LOGIN,
            samples.LOGIN_ANSWER,
            ((Child(DeviceId("123", "test"), "t5CM9W2b"),), ()),
        ),
        (
            GatewayAction.BATCH_LOGIN,
            samples.BATCH_ANSWER_IN_PART,
            ((Child(_ONE, "LhBLfxpG"),), ((_OTHER, ChildRefusal.DISABLED),)),
        ),
        (GatewayAction.LOGOUT, samples.LOGOUT_ANSWERS[0], ((), ())),
        (
            GatewayAction.LOGOUT,
            samples.LOGOUT_ANSWERS[1],
            ((Child(DeviceId("xxxxx", "xxxxx")),), ()),
        ),
        (
            GatewayAction.LIST,
            samples.LIST_ANSWER,
            ((Child(DeviceId("1234556554", "deviceKey1234")),), ()),
        ),
    ],
)
def test_the_pages_answers_are_read(
    action: GatewayAction, payload: bytes, answer: answers.Answer
) -> None:
    """Whole ones, and one that is granted in part."""
    assert answers.read(action, read_object(payload)) == answer


def test_a_batch_that_is_granted_in_part_reads_as_in_the_manual() -> None:
    """Its code is that of the child that failed, and its text names it."""
    reply = GatewayReply(
        "1",
        GatewayAction.BATCH_LOGIN,
        (Child(_ONE, "LhBLfxpG"),),
        ((_OTHER, ChildRefusal.DISABLED),),
    )
    shown = json.loads(samples.BATCH_ANSWER_IN_PART)

    assert answers.outcome(reply) == (shown["code"], shown["message"])
    assert answers.data_of(reply) == shown["data"]


def test_a_login_reads_as_in_the_manual() -> None:
    """With a secret only where the child was given one just now."""
    child = DeviceId("123", "test")
    plain = GatewayReply("123", GatewayAction.LOGIN, (Child(child, "t5CM9W2b"),))
    fresh = GatewayReply("123", GatewayAction.LOGIN, (Child(child, "t5CM9W2b", "s3cret"),))

    assert answers.outcome(plain) == (200, "")
    assert answers.data_of(plain) == json.loads(samples.LOGIN_ANSWER)["data"]
    shown = json.loads(samples.LOGIN_ANSWER)["data"]
    assert answers.data_of(fresh) == {**shown, "deviceSecret": "s3cret"}


@pytest.mark.parametrize(
    ("why", "code"),
    [
        (ChildRefusal.UNKNOWN, 705),
        (ChildRefusal.DISABLED, 723),
        (ChildRefusal.ELSEWHERE, 740),
        (ChildRefusal.WRONG_SIGNATURE, 742),
        (ChildRefusal.NO_ACTIVATION, 770),
        (ChildRefusal.TOO_MANY, 429),
    ],
)
def test_every_refusal_has_its_code(why: ChildRefusal, code: int) -> None:
    """And comes back as what it was, with the child it is about."""
    reply = GatewayReply("1", GatewayAction.LOGIN, (), ((_ONE, why),))
    found, text = answers.outcome(reply)
    body = {"code": found, "message": text, "data": answers.data_of(reply)}

    assert found == code
    assert answers.read(GatewayAction.LOGIN, read_object(json.dumps(body).encode())) == (
        (),
        ((_ONE, why),),
    )


def test_the_first_of_several_refusals_gives_the_code() -> None:
    """The text tells of all."""
    refused = ((_ONE, ChildRefusal.WRONG_SIGNATURE), (_OTHER, ChildRefusal.UNKNOWN))

    code, text = answers.outcome(GatewayReply("1", GatewayAction.BATCH_LOGIN, (), refused))

    assert code == 742
    assert text.count("has error") == 2


def test_a_child_that_cannot_be_removed_has_a_code_of_its_own() -> None:
    """Whatever the reason."""
    refused = ((_ONE, ChildRefusal.ELSEWHERE),)

    code, _ = answers.outcome(GatewayReply("1", GatewayAction.REMOVE, (), refused))

    assert code == 1256


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        (GatewayAction.LOGIN, b'{"code":742,"data":{}}', 742),
        (GatewayAction.LOGIN, b'{"code":742,"data":null}', 742),
        (GatewayAction.LOGIN, b'{"code":746,"data":{"productKey":"a","deviceKey":"b"}}', 746),
        (GatewayAction.LOGIN, b'{"code":200}', 1220),
        (GatewayAction.BATCH_LOGIN, b'{"code":1220,"data":{"loginedSubDevices":[]}}', 1220),
        (GatewayAction.BATCH_LOGIN, b'{"code":200,"data":{"loginedSubDevices":[]}}', 1220),
        (GatewayAction.ADD, b'{"code":705,"data":{}}', 705),
        (GatewayAction.LIST, b'{"code":1200}', 1200),
        (GatewayAction.LIST, b'{"code":200,"data":{}}', 1220),
        (GatewayAction.LOGOUT, b'{"code":200,"data":{"productKey":5}}', 1220),
    ],
)
def test_what_tells_of_no_child_is_an_error(
    action: GatewayAction, payload: bytes, code: int
) -> None:
    """With the platform's code, or with ours where the answer is not well formed."""
    gateway = DeviceId("pk1", "gw1")
    topic = EnosGateways().write(gateway, GatewayReply("", action)).topic
    with pytest.raises(DialectError) as caught:
        EnosGateways().read_reply(gateway, topic, payload)

    assert caught.value.code == code
