"""Raw USB descriptors: builders, and the parsed view a host takes of them (USB 2.0, chapter 9.6)."""

import struct
from collections.abc import Iterable, Sequence
from types import SimpleNamespace

DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT = 1, 2, 3, 4, 5
ENGLISH_US = 0x0409
BULK, INTERRUPT = 2, 3

_DEVICE_FIELDS = (
    "bLength",
    "bDescriptorType",
    "bcdUSB",
    "bDeviceClass",
    "bDeviceSubClass",
    "bDeviceProtocol",
    "bMaxPacketSize0",
    "idVendor",
    "idProduct",
    "bcdDevice",
    "iManufacturer",
    "iProduct",
    "iSerialNumber",
    "bNumConfigurations",
)
_CONFIGURATION_FIELDS = (
    "bLength",
    "bDescriptorType",
    "wTotalLength",
    "bNumInterfaces",
    "bConfigurationValue",
    "iConfiguration",
    "bmAttributes",
    "bMaxPower",
)
_INTERFACE_FIELDS = (
    "bLength",
    "bDescriptorType",
    "bInterfaceNumber",
    "bAlternateSetting",
    "bNumEndpoints",
    "bInterfaceClass",
    "bInterfaceSubClass",
    "bInterfaceProtocol",
    "iInterface",
)
_ENDPOINT_FIELDS = (
    "bLength",
    "bDescriptorType",
    "bEndpointAddress",
    "bmAttributes",
    "wMaxPacketSize",
    "bInterval",
)


def device_descriptor(
    vendor: int,
    product: int,
    release: int,
    *,
    usb: int = 0x0200,
    device_class: tuple[int, int, int] = (0, 0, 0),
    max_packet: int = 64,
    strings: tuple[int, int, int] = (1, 2, 3),
    configurations: int = 1,
) -> bytes:
    """A device descriptor; `strings` are the indices of manufacturer, product and serial number."""
    head = struct.pack("<BBHBBBB", 18, DEVICE, usb, *device_class, max_packet)
    return head + struct.pack("<HHHBBBB", vendor, product, release, *strings, configurations)


def endpoint_descriptor(address: int, kind: int, max_packet: int, interval: int = 0) -> bytes:
    """An endpoint descriptor; `kind` is BULK or INTERRUPT, bit 7 of `address` means IN."""
    return struct.pack("<BBBBHB", 7, ENDPOINT, address, kind, max_packet, interval)


def interface_descriptor(
    number: int,
    endpoints: Sequence[bytes],
    *,
    alternate: int = 0,
    interface_class: tuple[int, int, int] = (0xFF, 0xFF, 0xFF),
    string: int = 0,
) -> bytes:
    """An interface descriptor followed by its endpoints."""
    head = struct.pack("<BBBBB", 9, INTERFACE, number, alternate, len(endpoints))
    return head + struct.pack("<BBBB", *interface_class, string) + b"".join(endpoints)


def configuration_descriptor(
    interfaces: Sequence[bytes],
    *,
    value: int = 1,
    string: int = 0,
    attributes: int = 0x80,
    max_power_ma: int = 100,
) -> bytes:
    """A configuration descriptor followed by its interfaces (one entry for each alternate setting)."""
    body = b"".join(interfaces)
    count = len({interface[2] for interface in interfaces})
    head = struct.pack("<BBHBB", 9, CONFIGURATION, 9 + len(body), count, value)
    return head + struct.pack("<BBB", string, attributes, max_power_ma // 2) + body


def string_descriptor(text: str) -> bytes:
    """A string descriptor."""
    body = text.encode("utf-16-le")
    return bytes((2 + len(body), STRING)) + body


def languages_descriptor(languages: Iterable[int] = (ENGLISH_US,)) -> bytes:
    """String descriptor zero: the languages there are strings in."""
    body = b"".join(struct.pack("<H", language) for language in languages)
    return bytes((2 + len(body), STRING)) + body


def parse_device(raw: bytes) -> SimpleNamespace:
    """The fields of a device descriptor by their USB names."""
    return _view(raw, "<BBHBBBBHHHBBBB", _DEVICE_FIELDS)


def parse_configuration(raw: bytes) -> SimpleNamespace:
    """The fields of a configuration; `interfaces[i][alternate]` have `endpoints`, all with extra bytes."""
    configuration = _view(raw, "<BBHBBBBB", _CONFIGURATION_FIELDS)
    configuration.interfaces = []
    owner = configuration
    at = raw[0]
    while at < len(raw):
        piece = raw[at : at + raw[at]]
        at += len(piece)
        if piece[1] == INTERFACE:
            owner = _view(piece, "<9B", _INTERFACE_FIELDS)
            owner.endpoints = []
            _place(configuration.interfaces, owner)
        elif piece[1] == ENDPOINT:
            endpoint = _view(piece, "<BBBBHB", _ENDPOINT_FIELDS)
            endpoint.bRefresh = endpoint.bSynchAddress = 0
            owner.endpoints.append(endpoint)
        else:
            owner.extra_descriptors += list(piece)
    return configuration


def _place(interfaces: list[list[SimpleNamespace]], new: SimpleNamespace) -> None:
    for alternates in interfaces:
        if alternates[0].bInterfaceNumber == new.bInterfaceNumber:
            alternates.append(new)
            return
    interfaces.append([new])


def _view(raw: bytes, layout: str, names: Sequence[str]) -> SimpleNamespace:
    fields = dict(zip(names, struct.unpack_from(layout, raw), strict=True))
    return SimpleNamespace(**fields, extra_descriptors=[])
