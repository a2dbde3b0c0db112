"""Constants of the imp API by name. Values: data/constants.yaml, which says which of them are choices."""

from typing import Any

from benchctl.data import load_data
from benchctl.impos.version import ImposVersion


def _read() -> dict[str, dict[str, dict[str, Any]]]:
    data: dict[str, dict[str, dict[str, Any]]] = load_data("benchctl.twin.imp", "data/constants.yaml")
    return data


_GROUPS = _read()


def _values(group: str) -> dict[str, int]:
    return {name: entry["value"] for name, entry in _GROUPS[group].items()}


PARITY = _values("uart_parity")
CONTROL = _values("uart_control")
PIN_MODE = _values("pin_mode")
SPI_MODE = _values("spi_mode")
USB_EVENT = _values("usb_event")
CONFIGURATION = _values("configuration")
INTERFACE_STATE = _values("interface_state")


def constants(release: ImposVersion) -> dict[str, int]:
    """Every constant of the root table under that release, by name."""
    return {
        name: entry["value"]
        for group, entries in _GROUPS.items()
        for name, entry in entries.items()
        if group != "interface_state" and release >= ImposVersion.parse(entry.get("since", "0.0"))
    }
