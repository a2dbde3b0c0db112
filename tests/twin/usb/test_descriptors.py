from hypothesis import given
from hypothesis import strategies as st

from benchctl.twin.usb.descriptors import (
    BULK,
    configuration_descriptor,
    device_descriptor,
    endpoint_descriptor,
    interface_descriptor,
    parse_configuration,
    parse_device,
)

word = st.integers(0, 0xFFFF)


@given(word, word, word)
def test_device_round_trip(vendor: int, product: int, release: int) -> None:
    view = parse_device(device_descriptor(vendor, product, release))
    assert (view.idVendor, view.idProduct, view.bcdDevice) == (vendor, product, release)


@given(
    st.lists(st.lists(st.tuples(st.integers(1, 15), st.booleans(), word), max_size=4), min_size=1, max_size=6)
)
def test_configuration_round_trip(shape: list[list[tuple[int, bool, int]]]) -> None:
    interfaces = [
        interface_descriptor(
            i, [endpoint_descriptor(number | inward << 7, BULK, size) for number, inward, size in endpoints]
        )
        for i, endpoints in enumerate(shape)
    ]
    raw = configuration_descriptor(interfaces)
    view = parse_configuration(raw)
    assert (view.wTotalLength, view.bNumInterfaces) == (len(raw), len(shape))
    parsed = [
        [
            (e.bEndpointAddress & 15, bool(e.bEndpointAddress >> 7), e.wMaxPacketSize)
            for e in alternates[0].endpoints
        ]
        for alternates in view.interfaces
    ]
    assert parsed == shape


def test_alternate_settings_and_foreign_descriptors() -> None:
    interfaces = [
        interface_descriptor(0, []) + b"\x05\x24\x00\x10\x01",
        interface_descriptor(0, [endpoint_descriptor(0x81, BULK, 64)], alternate=1),
    ]
    (alternates,) = parse_configuration(configuration_descriptor(interfaces)).interfaces
    assert [a.bAlternateSetting for a in alternates] == [0, 1]
    assert alternates[0].extra_descriptors == [5, 0x24, 0, 0x10, 1]
