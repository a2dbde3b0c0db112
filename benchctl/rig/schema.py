"""The schema of rig files: every key, what it means, and what it may be.

`python -m benchctl.rig.schema > rig.schema.json` writes it as JSON Schema, which editors use to complete
and check rig files while they are written.
"""

import json
import sys
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from benchctl.dut.module import MODULES
from benchctl.rig.kinds import Role
from benchctl.rig.model import Arbiter, Bench
from benchctl.rig.parts import AnyPart
from benchctl.rig.strict import Strict

AdapterKindName = Literal[
    "ft4232h", "ft2232h", "ft232h", "ft232r", "tty", "spidev", "i2cdev", "sigrok", "usbhub"
]
Ohms = Annotated[float, Field(gt=0)]


class AdapterSpec(Strict):
    """An adapter, by kind and stable identity."""

    kind: AdapterKindName = Field(description="The kind of adapter.")
    serial: str = Field("", description="USB serial number. `EDIT-ME...` until you put in your own.")
    port: str = Field("", description='USB port path such as "1-2.3", for adapters without a serial number.')
    path: str = Field("", description="Device path: /dev/serial/by-id/..., /dev/spidev0.0, /dev/i2c-1.")
    driver: str = Field("", description="sigrok driver, such as `fx2lafw` or `fx2lafw:conn=1.7`.")
    channels: dict[str, Role] = Field(
        default_factory=dict,
        description="Channel letter to its role. Adapters with one channel and one role may leave it out.",
    )
    ports: int = Field(4, ge=1, le=16, description="Number of downstream ports (usbhub).")
    domain: str = Field("io", description="Voltage domain of the adapter's pins, one of `domains`.")

    @field_validator("channels", mode="before")
    @classmethod
    def _one_role_each(cls, channels: Any) -> Any:
        for letter, role in channels.items() if isinstance(channels, dict) else ():
            if isinstance(role, list):
                raise PydanticCustomError(
                    "two_roles",
                    "this channel is asked to be several things at once",
                    {"key": letter, "cure": f"give it one role of {', '.join(map(str, role))}"},
                )
        return channels


class NetSpec(Strict):
    """A net: pins that are joined. A plain list of pins is short for `{pins: [...]}`."""

    pins: list[str] = Field(
        min_length=1,
        description="`imp.K`, `imp.LED_RED` (board role), `imp.RS485_UART.TX` (bus role), `quad.CD1`, "
        "`eeprom.SDA`.",
    )
    pull_up: Ohms | None = Field(None, description="Pull-up to the domain's supply, in ohms.")
    pull_down: Ohms | None = Field(None, description="Pull-down to ground, in ohms.")
    arbiter: Arbiter | None = Field(
        None,
        description="`bench`: several bench channels share the net, one at a time. `reset`: the bench drives "
        "only while it holds the imp in reset.",
    )

    @model_validator(mode="before")
    @classmethod
    def _list_is_short_for_pins(cls, data: Any) -> Any:
        return {"pins": data} if isinstance(data, list) else data


class PowerSpec(Strict):
    """How the imp's supply is switched. Nothing given: by hand."""

    switch: str = Field("", description="A port of a bench hub, such as `hub.1`.")
    line: str = Field("", description="A bench gpio line, such as `io.AC0`.")
    active: Literal["high", "low"] = Field(
        "high", description="The level of `line` that switches the supply on."
    )


class ResetSpec(Strict):
    """How the imp is held in reset."""

    line: str = Field(description="The bench gpio line on the imp's RESET net, such as `io.AD0`.")
    active: Literal["high", "low"] = Field(
        "low", description="The level of `line` that holds the imp in reset."
    )


class ControlLinkSpec(Strict):
    """An imp UART that can carry the control link."""

    uart: str = Field(description="A UART object of the imp, such as `uart0`, or a board role for one.")
    baud: int = Field(115_200, gt=0, description="Rate in bit/s.")


class ControlSpec(Strict):
    """The control link."""

    primary: ControlLinkSpec = Field(description="The UART the control link normally uses.")
    alternates: list[ControlLinkSpec] = Field(
        default_factory=list, description="UARTs that may take over when a test needs the primary's pins."
    )


class DeploySpec(Strict):
    """Where a physical imp is registered in impCentral; the login key comes from the environment."""

    device: str = Field(description="Device id (or MAC address) of the imp.")
    group: str = Field(description="Id of the device group that the imp is alone in.")
    group_type: str = Field("development_devicegroup", description="Type of that device group.")
    endpoint: str = Field(
        "https://api.electricimp.com/v5", description="Base URL; another one for a private impCloud."
    )


class RigSpec(Strict):
    """A rig file."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this schema: 1.")
    include: list[str] = Field(
        default_factory=list,
        description="Files merged below this one, relative to it: a board apart from a bench.",
    )
    name: str = Field(description="Name of the rig, as in reports.")
    bench: Bench = Field(description="`virtual` or `real`.")
    module: str = Field(description=f"The imp module: {', '.join(MODULES)}.")
    board: str = Field("", description="The development board the module is on.")
    impos: str = Field(
        "",
        description='impOS release under test on the virtual bench, quoted ("34.11"), else informative.',
    )
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description="Board role to imp pin (`LED_RED: P`) or bus object (`RS485_UART: uart2`).",
    )
    adapters: dict[str, AdapterSpec] = Field(description="The bench's adapters, by a name of your choice.")
    domains: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=lambda: {"io": 3.3}, description="Voltage domain to volts."
    )
    imp_domain: str = Field("io", description="Voltage domain of the imp's pins.")
    parts: dict[str, AnyPart] = Field(
        default_factory=dict, description="Fixture parts, by a name of your choice."
    )
    nets: dict[str, NetSpec] = Field(description="Which pins are joined, by a name of your choice.")
    power: PowerSpec = Field(default_factory=PowerSpec, description="How the imp's supply is switched.")
    reset: ResetSpec | None = Field(
        None, description="How the imp is held in reset; leave out if it is not wired."
    )
    control: ControlSpec = Field(description="Which UART carries the control link.")
    deploy: DeploySpec | None = Field(
        None, description="How programs get onto a physical imp; the virtual bench needs none."
    )


def json_schema() -> dict[str, Any]:
    """The schema as JSON Schema, for editors."""
    return RigSpec.model_json_schema()


def field_description(keys: tuple[str | int, ...]) -> str:
    """What the schema says about the key at a path such as ("reset", "line"); "" when it says nothing."""
    schema: dict[str, Any] = json_schema()
    definitions = schema["$defs"]
    node: dict[str, Any] = schema
    for key in keys:
        options = [node, *(node.get("anyOf") or node.get("oneOf") or ())]
        found: dict[str, Any] = {}
        for option in options:
            option = definitions.get(option.get("$ref", "").rpartition("/")[2], option)
            properties = option.get("properties", {})
            if key in properties:
                found = properties[key]
                break
            if isinstance(option.get("additionalProperties"), dict):
                found = option["additionalProperties"]
            if isinstance(key, int) and "items" in option:
                found = option["items"]
        node = found
    return str(node.get("description", ""))


if __name__ == "__main__":
    json.dump(json_schema(), sys.stdout, indent=2)
