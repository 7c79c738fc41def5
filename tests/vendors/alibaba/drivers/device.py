"""A device on Alibaba's Link SDK for Python; runs where that is installed.

It follows the SDK's sample for upgrades: the handler is told of an image, whether pushed or asked
for, and the SDK fetches and checks the file. What the sample leaves to the reader is done here: the
progress, which the SDK has no call for, goes out by its plain publish; then the device restarts,
and says what it runs now, as it does after each connection.

First line of stdin: `host`, `port`, `product_key`, `device_name`, `keeps_in` (a folder for files),
`version`, and `device_secret` or `product_secret`; as wished `module`, `corrupt` (the attempts in
which the file is damaged on its way) and `hold_at` ("offered" or "fetched": wait there for a `go`,
in the first attempt). Then orders, an object a line with `do`:

    connect     report {version, module}        ask     say {step, desc}        go      close

What happens is told on stdout, an object a line with `event`:

    connected, lost, registered {secret}, offered {by, version, size, module, extra}, held,
    fetched {code}, gave_up {step}, upgraded {version, attempt}, closed
"""

import json
import logging
import queue
import sys
import threading
from pathlib import Path

from linkkit.linkkit import LinkKit

NOTICES = {1: "push", 2: "answer"}
OK = 0
FETCH_FAILED, DIGEST_WRONG = -2, -3  # as the platform numbers what goes wrong

_telling = threading.Lock()


def tell(event, **fields):
    """Write one event; several threads may."""
    with _telling:
        sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
        sys.stdout.flush()


class Device:
    """One device: what it runs, and its connection."""

    def __init__(self, settings):
        self._settings = settings
        self._secret = settings.get("device_secret")
        self._version = settings["version"]
        self._attempt = 0
        self._said = 0
        self._offers = queue.SimpleQueue()
        self._kit = None
        self.go = threading.Event()
        threading.Thread(target=self._upgrade_for_ever, daemon=True).start()

    def connect(self):
        """Begin to connect: over plain TCP, to the place that is named, both by `config_mqtt`."""
        settings = self._settings
        registers = {} if self._secret else {"auth_type": "register"}
        self._kit = LinkKit(
            host_name="cn-shanghai",
            product_key=settings["product_key"],
            device_name=settings["device_name"],
            device_secret=self._secret,
            product_secret=settings.get("product_secret"),
            **registers,
        )
        self._kit.config_mqtt(endpoint=settings["host"], port=settings["port"], secure="")
        self._kit.on_connect = self._connected
        self._kit.on_disconnect = lambda code, _: tell("lost", code=code)
        self._kit.on_ota_message_arrived = self._offered
        self._kit.on_device_dynamic_register = self._registered
        self._kit.enable_logger(logging.DEBUG)
        self._kit.connect_async()

    def _connected(self, _session, code, _):
        if self._secret:
            tell("connected", code=code)
            self.report()

    def _registered(self, code, secret, _):
        self._secret = secret
        tell("registered", code=code, secret=secret)

    def _offered(self, notice, version, size, *rest):
        """Take what the SDK tells of an image: `rest` is url, method, digest, module, extra."""
        *image, module, extra = rest
        tell("offered", by=NOTICES[notice], version=version, size=size, module=module, extra=extra)
        self._offers.put((version, *image))

    def _upgrade_for_ever(self):
        while True:
            version, *image = self._offers.get()
            if version != self._version:
                self._attempt += 1
                self._upgrade(version, *image)

    def _upgrade(self, version, url, method, digest):
        self._hold("offered")
        self.say("10", "downloading")
        path = Path(self._settings["keeps_in"]) / f"image-{self._attempt}.bin"
        # The SDK compares the digest itself, so a damaged file is one with another digest.
        damage = "0" if self._attempt in self._settings.get("corrupt", []) else ""
        code = self._kit.download_ota_firmware(url, str(path), method, digest + damage)
        tell("fetched", code=code.name)
        if code is not LinkKit.ErrorCode.SUCCESS:
            is_digest = code is LinkKit.ErrorCode.OTA_DIGEST_MISMATCH
            step = DIGEST_WRONG if is_digest else FETCH_FAILED
            self.say(str(step), code.name)
            tell("gave_up", step=step)
            return
        self._hold("fetched")
        self.say("100", "restarting")
        self._kit.disconnect()
        self._version = version
        self._kit.connect_async()
        tell("upgraded", version=version, attempt=self._attempt)

    def _hold(self, where):
        if self._attempt == 1 and self._settings.get("hold_at") == where:
            tell("held", where=where)
            self.go.wait()

    def say(self, step, desc):
        """Report how far an upgrade is."""
        self._said += 1
        params = {"step": step, "desc": desc}
        if self._settings.get("module"):
            params["module"] = self._settings["module"]
        who = f"{self._settings['product_key']}/{self._settings['device_name']}"
        body = json.dumps({"id": str(self._said), "params": params})
        self._kit.publish_topic(f"/ota/device/progress/{who}", body)

    def report(self, version=None, module=None):
        """Report what it runs, or what one of its modules does."""
        name = module or self._settings.get("module")
        self._kit.ota_report_version(name, version or self._version)

    def ask(self):
        """Ask for what there is."""
        self._kit.query_ota_firmware(self._settings.get("module"))

    def close(self):
        """Leave."""
        self._kit.disconnect()
        tell("closed")


def main():
    """Read the settings, then carry out orders until stdin ends."""
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
    device = Device(json.loads(sys.stdin.readline()))
    orders = {
        "connect": device.connect,
        "report": device.report,
        "ask": device.ask,
        "say": device.say,
        "go": device.go.set,
        "close": device.close,
    }
    for line in sys.stdin:
        order = json.loads(line)
        orders[order.pop("do")](**order)


if __name__ == "__main__":
    main()
