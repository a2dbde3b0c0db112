"""Plugging and unplugging again and again, with transfers in progress."""

import pytest

from benchctl.errors import DutError
from fixtures.usb import ATTACH_S, BULK_SIZE

CYCLES = 12


@pytest.mark.claim("r34-imp005-usb-crash-fix")
@pytest.mark.parametrize("busy", ["idle", "sending", "receiving"])
def test_imp_survives_removals(imp, judge, usb, busy):
    """The trigger of the crashes is not documented: removals with nothing going on, and within transfers.

    The imp's clock counts from its start: it goes on counting as long as the imp has not restarted.
    """
    usb.configure()
    started, survived = imp.hardware.millis(), 0
    blobs = []
    try:
        for _ in range(CYCLES):
            usb.plug(usb.serial[0])
            assert usb.events("USB_DEVICE_CONNECTED", within_s=ATTACH_S, count=1), "it did not connect"
            usb.set_up()
            if busy == "sending":
                usb.set_serial(300)
                usb.send(bytes(200))
            elif busy == "receiving":
                blobs.append(usb.receive(BULK_SIZE))
            usb.plug(usb.serial[0], False)
            usb.events("USB_DEVICE_DISCONNECTED", within_s=ATTACH_S, count=1)
            now = imp.hardware.millis()
            if now < started:
                break
            started = now
            survived += 1
    except DutError as error:
        judge.observe("the imp", str(error))
    judge.equal("removals survived", survived, CYCLES)
    for blob in blobs:
        blob.forget()
