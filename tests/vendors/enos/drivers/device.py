"""A device, or a gateway, on EnOS' own Device SDK for Python; runs where that is installed.

It follows the SDK's samples: the handler of the upgrade command does the whole upgrade and returns
nothing. What no sample does is to fetch the image; that is done here, and its digest checked.

First line of stdin: `url`, `product_key`, `device_key`, `device_secret` or `product_secret`, and as
wished `corrupt` (the attempts whose download is damaged), `hold_at` ("pushed" or "downloaded": wait
there for a `go`, in the first attempt), `handler` ("answers": it returns a reply to the push after
all; "raises": it raises; "none": there is none). Then orders, an object a line with `do`:

    connect [device_secret]         report {version}         ask         go         close
    login, login_batch, logout, topo_add, topo_delete {product_key, device_key, device_secret}
    topo_get
    child_report {product_key, device_key, version}

What happens is told on stdout, an object a line with `event`:

    connected, refused, activated {secret}, pushed, held, ignored, answered {what, code, data},
    unanswered {what, why}, offered {versions}, upgraded, gave_up, closed
"""

import contextlib
import hashlib
import json
import logging
import sys
import threading
import urllib.request

from enos.core.constant import OTAUpdateFailureCause as Cause
from enos.core.internal.Profile import Profile
from enos.core.login.DynamicActivationLogin import DynamicActivationLogin
from enos.core.login.NormalDeviceLogin import NormalDeviceLogin
from enos.core.message.IConnectCallback import IConnectCallback
from enos.core.MqttClient import MqttClient
from enos.message.downstream.ota.OtaUpgradeCommand import OtaUpgradeCommand
from enos.message.downstream.ota.OtaUpgradeReply import OtaUpgradeReply
from enos.message.upstream.ota.OtaGetVersionRequest import OtaGetVersionRequest
from enos.message.upstream.ota.OtaProgressReportRequest import OtaProgressReportRequest
from enos.message.upstream.ota.OtaVersionReportRequest import OtaVersionReportRequest
from enos.message.upstream.status.SubDeviceLoginBatchRequest import SubDeviceLoginBatchRequest
from enos.message.upstream.status.SubDeviceLoginRequest import SubDeviceLoginRequest
from enos.message.upstream.status.SubDeviceLogoutRequest import SubDeviceLogoutRequest
from enos.message.upstream.topo.SubDeviceInfo import SubDeviceInfo
from enos.message.upstream.topo.TopoAddRequest import TopoAddRequest
from enos.message.upstream.topo.TopoDeleteRequest import TopoDeleteRequest
from enos.message.upstream.topo.TopoGetRequest import TopoGetRequest

ANSWER_S = 20  # How long the SDK waits for a reply.

_telling = threading.Lock()


def tell(event, **fields):
    """Write one event; several threads may."""
    with _telling:
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()


class Connection(IConnectCallback):
    """What the SDK says of its connection; it says `connected` again after each reconnect."""

    def on_connect(self):
        """Pass it on."""
        tell("connected")

    def on_disconnect(self):
        """Say nothing: the SDK calls this only after a disconnect of its own wish."""

    def on_connect_failed(self):
        """Pass it on."""
        tell("refused")


class Upgrades:
    """Every upgrade of the devices behind one connection."""

    def __init__(self, settings):
        self._corrupt = settings.get("corrupt", [])
        self._hold_at = settings.get("hold_at")
        self._handler = settings.get("handler")
        self._attempts = {}
        self._runs = {}
        self._turns = {}
        self._guard = threading.Lock()
        self.client = None
        self.go = threading.Event()

    def pushed(self, command, path):
        """Handle the upgrade command, as the SDK's sample does: all of it, then return."""
        device = tuple(path)
        firmware = command.get_firmware_info()
        tell("pushed", device=device[1], version=firmware.version, size=firmware.file_size)
        if self._handler == "raises":
            raise RuntimeError("as told")
        self.upgrade(device, vars(firmware))
        if self._handler != "answers":
            return None
        return OtaUpgradeReply.builder().set_code(200).set_message("done").build()

    def upgrade(self, device, image):
        """Bring one device to a new version, unless an earlier push has done so meanwhile."""
        with self._guard:
            turn = self._turns.setdefault(device, threading.Lock())
        with turn:
            if self._runs.get(device) == image["version"]:
                tell("ignored", device=device[1], version=image["version"])
                return
            attempt = self._attempts[device] = self._attempts.get(device, 0) + 1
            self._attempt(device, image, attempt)

    def _attempt(self, device, image, attempt):
        self._hold("pushed", attempt)
        self.progress(device, "10", "downloading")
        try:
            with urllib.request.urlopen(image["file_url"], timeout=ANSWER_S) as response:
                content = response.read()
        except OSError as error:
            self._fail(device, Cause.FIRMWARE_DOWNLOAD_FAILED_CODE, str(error))
            return
        self._hold("downloaded", attempt)
        if attempt in self._corrupt:
            content = bytes([content[0] ^ 1]) + content[1:]
        digest = hashlib.new(image["sign_method"], content).hexdigest()
        if digest != image["sign"].lower() or len(content) != image["file_size"]:
            self._fail(device, Cause.FIRMWARE_VERIFICATION_FAILED_CODE, "digest mismatch")
            return
        self.progress(device, "50", "verified")
        self.progress(device, "100", "installed")
        self._runs[device] = image["version"]
        self.report(device, image["version"])
        tell("upgraded", device=device[1], version=image["version"], attempt=attempt)

    def _fail(self, device, code, text):
        self.progress(device, code, text)
        tell("gave_up", device=device[1], code=code, text=text)

    def _hold(self, where, attempt):
        if attempt == 1 and self._hold_at == where:
            tell("held", where=where)
            self.go.wait()

    def progress(self, device, step, text):
        """Report how far a device is."""
        builder = OtaProgressReportRequest.builder().set_step(step).set_desc(text)
        self.say("progress " + step, of(builder, device))

    def report(self, device, version):
        """Report what a device runs."""
        self.say("report", of(OtaVersionReportRequest.builder().set_version(version), device))

    def ask(self, device):
        """Ask what there is to upgrade to, and take the first of it.

        The SDK promises `get_firmware_info` here, but its decoder returns the bare base class.
        """
        answer = self.say("ask", of(OtaGetVersionRequest.builder(), device))
        offered = (answer and answer.get_data()) or []
        tell("offered", versions=[one["version"] for one in offered])
        if offered:
            names = {"fileUrl": "file_url", "fileSize": "file_size", "signMethod": "sign_method"}
            self.upgrade(device, {names.get(key, key): value for key, value in offered[0].items()})

    def say(self, what, builder):
        """Publish a request and wait for its reply."""
        try:
            answer = self.client.publish(builder.build())
        except Exception as error:  # noqa: BLE001 - the SDK raises a bare one of its own
            tell("unanswered", what=what, why=str(error))
            return None
        tell("answered", what=what, code=answer.get_code(), data=answer.get_data())
        return answer


def of(builder, device):
    """Address a request: a gateway speaks for its children too."""
    return builder.set_product_key(device[0]).set_device_key(device[1])


def connect(settings, upgrades):
    """Begin to connect, in the asynchronous way.

    The other one, `connect()`, may overlook that it is connected and then waits for 10 s: the
    SDK's thread can give its signal before anybody waits for it.
    """
    who = (settings["url"], settings["product_key"])
    if settings.get("device_secret"):
        login = NormalDeviceLogin(*who, settings["device_key"], settings["device_secret"])
    else:
        login = DynamicActivationLogin(*who, settings["product_secret"], settings["device_key"])
    profile = Profile.create_instance(login)
    profile.set_operation_timeout(ANSWER_S)
    client = MqttClient(profile=profile)
    client.on_device_dynamic_active = lambda secret: tell("activated", secret=secret)
    if settings.get("handler") != "none":
        client.register_arrived_message_handler(OtaUpgradeCommand.get_class(), upgrades.pushed)
    upgrades.client = client
    client.connect(Connection())


def who_of(order):
    """Return the keys of the device that an order names."""
    return order["product_key"], order["device_key"]


def child_of(order):
    """Return the child that an order names, as the topology wants it."""
    return SubDeviceInfo(*who_of(order), order["device_secret"])


# What a gateway asks, by the order's name: the request's builder.
GATEWAY_REQUESTS = {
    "login": lambda order: SubDeviceLoginRequest.builder().set_sub_device_info(
        *who_of(order), order["device_secret"]
    ),
    "login_batch": lambda order: SubDeviceLoginBatchRequest.builder().add_sub_device_info(
        *who_of(order), order["device_secret"]
    ),
    "logout": lambda order: (
        SubDeviceLogoutRequest.builder()
        .set_sub_product_key(order["product_key"])
        .set_sub_device_key(order["device_key"])
    ),
    "topo_add": lambda order: TopoAddRequest.builder().add_sub_device(child_of(order)),
    "topo_delete": lambda order: TopoDeleteRequest.builder().delete_sub_device(*who_of(order)),
    "topo_get": lambda _: TopoGetRequest.builder(),
}


def carry_out(order, settings, upgrades):
    """Do what one line says."""
    me = who_of(settings)
    match order["do"]:
        case "connect":
            if upgrades.client is not None:
                upgrades.client.close()
            connect({**settings, **order}, upgrades)
        case "report":
            upgrades.report(me, order["version"])
        case "child_report":
            upgrades.report(who_of(order), order["version"])
        case "ask":
            threading.Thread(target=upgrades.ask, args=(me,), daemon=True).start()
        case "go":
            upgrades.go.set()
        case "close":
            upgrades.client.close()
            tell("closed")
        case what:
            upgrades.say(what, GATEWAY_REQUESTS[what](order))


def main():
    """Read the settings, then carry out orders until stdin ends."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    settings = json.loads(sys.stdin.readline())
    upgrades = Upgrades(settings)
    for line in sys.stdin:
        carry_out(json.loads(line), settings, upgrades)
    upgrades.go.set()
    with contextlib.suppress(Exception):
        upgrades.client.close()


if __name__ == "__main__":
    main()
