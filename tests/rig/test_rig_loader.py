from pathlib import Path

import pytest

from benchctl.dut.module import MODULES
from benchctl.errors import RigError, UserError
from benchctl.rig.kinds import KINDS, Role
from benchctl.rig.loader import find_rig, load_rig, problems, rig_names
from benchctl.rig.model import HubPort, Manual, PinRef
from benchctl.rig.nets import Wiring
from benchctl.rig.schema import AdapterKindName, json_schema

SHIPPED = sorted(rig_names())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_rigs_load(name: str) -> None:
    rig = load_rig(name)
    assert rig.name == name
    assert rig.virtual == name.startswith("virtual-")


def test_every_module_has_a_virtual_bench() -> None:
    modules = {load_rig(name).module.name for name in SHIPPED if name.startswith("virtual-")}
    assert modules == set(MODULES)


def test_real_rigs_say_what_to_edit_when_they_are_opened() -> None:
    rig = load_rig("imp003-evb")
    assert rig.adapters["quad"].placeholder
    with pytest.raises(RigError) as caught:
        Wiring(rig).control_adapter.require_identity()
    assert str(caught.value).endswith(
        "desk.yaml:5: adapters.quad.serial: adapter 'quad' has the placeholder 'EDIT-ME-QUAD' for its "
        "serial. "
        "run `benchctl scan` and put the serial of your ft4232h here."
    )


def test_virtual_rigs_need_no_editing() -> None:
    for name in SHIPPED:
        if name.startswith("virtual-"):
            assert not any(adapter.placeholder for adapter in load_rig(name).adapters.values())


def test_a_rig_is_found_by_path_or_name(rig_file, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = rig_file()
    assert find_rig(path) == path
    (tmp_path / "rigs").mkdir()
    path.rename(tmp_path / "rigs" / "mine.yaml")
    monkeypatch.chdir(tmp_path)
    assert load_rig("mine").name == "small"
    assert find_rig("virtual-imp005").name == "virtual-imp005.yaml"


@pytest.mark.parametrize(
    ("rig", "message"),
    [
        ("virtual-imp05", "there is no rig named 'virtual-imp05'. perhaps you meant 'virtual-imp005'."),
        ("nowhere/rig.yaml", "there is no rig file nowhere/rig.yaml. "),
    ],
)
def test_an_unknown_rig_is_the_users_mistake(rig: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load_rig(rig)
    assert str(caught.value).startswith(message)


def test_includes_are_merged_below_and_keep_their_lines(rig_file, tmp_path: Path) -> None:
    (tmp_path / "board.yaml").write_text("board: My board\nname: below\naliases:\n  LED: XQ\n")
    path = rig_file(("adapters:\n", "include: [board.yaml]\nadapters:\n"))
    with pytest.raises(RigError, match=r"board.yaml:4: aliases.LED: the imp005 has no pin or bus 'XQ'"):
        load_rig(path)
    (tmp_path / "board.yaml").write_text(
        "board: My board\nname: below\naliases: {LED: Q, RS485_UART: uart2}\n"
    )
    rig = load_rig(path)
    assert (rig.name, rig.board, rig.aliases, rig.bus_aliases) == (
        "small", "My board", {"LED": "Q"}, {"RS485_UART": "uart2"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("include", "message"),
    [
        (
            "[bord.yaml]",
            r"small.yaml:5: include\[0\]: there is no file .*bord.yaml. perhaps you meant 'board.yaml'.",
        ),
        ("[small.yaml]", r"small.yaml:5: include\[0\]: small.yaml includes itself. take this include out."),
        ("[board.yaml]", r"board.yaml:1: include\[0\]: small.yaml includes itself. take this include out."),
        ("board.yaml", r"small.yaml:5: include: this should be a list. "),
    ],
)
def test_wrong_includes(rig_file, tmp_path: Path, include: str, message: str) -> None:
    (tmp_path / "board.yaml").write_text("include: [small.yaml]\n")
    path = rig_file(("adapters:\n", f"include: {include}\nadapters:\n"))
    with pytest.raises(RigError, match=message):
        load_rig(path)


def test_board_roles_name_pins_and_buses_in_nets(rig_file) -> None:
    path = rig_file(
        ("adapters:\n", "aliases: {DIR: L, FIELD: uart2}\nadapters:\n"),
        (
            "[imp.M, io.AD1, la.AD0]",
            "[imp.DIR, la.AD0]\n  f: [imp.FIELD.TX, la.AD1]\n  g: [imp.uart2.RX, la.AD2]",
        ),
    )
    nets = load_rig(path).nets
    assert [nets[name].pins[0] for name in ("m", "f", "g")] == [
        PinRef("imp", "L"), PinRef("imp", "UART2_TX"), PinRef("imp", "UART2_RX"),
    ]  # fmt: skip


def test_defaults(rig_file) -> None:
    rig = load_rig(rig_file())
    assert (rig.power, rig.reset, rig.domains) == (Manual(), None, {"io": 3.3})
    assert rig.control.primary.baud == 115_200
    assert rig.adapters["quad"].identity == "ft4232h serial Q1"
    switched = rig_file(("control:", "power: {switch: hub.2}\ncontrol:"))
    assert load_rig(switched).power == HubPort("hub", 2)


def test_kernel_adapters_have_their_one_role_without_saying_so(rig_file) -> None:
    path = rig_file(
        ("parts:\n", "  bus: {kind: i2cdev, path: /dev/i2c-1}\n  port: {kind: tty, path: /dev/x}\nparts:\n"),
        ("quad.CD1", "port.RXD"), ("quad.CD0", "port.TXD"),
        ("[imp.M, io.AD1, la.AD0]", "{pins: [imp.J, bus.SCL], pull_up: 2200}"),
    )  # fmt: skip
    rig = load_rig(path)
    assert [str(channel) for channel in rig.channels if channel.adapter in ("bus", "port")] == ["bus", "port"]
    assert rig.adapters["bus"].channels["A"].role is Role.I2C


def test_places_know_every_key(rig_file) -> None:
    rig = load_rig(rig_file())
    assert rig.place("nets.m").line == 16
    assert rig.place("control.primary.nothing").line == 17


def test_rigs_cannot_be_changed() -> None:
    rig = load_rig("virtual-imp005")
    with pytest.raises(AttributeError):
        rig.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        rig.nets["x"] = rig.nets["m"]  # type: ignore[index]


def test_the_schema_lists_every_kind_and_describes_every_key() -> None:
    schema = json_schema()
    assert AdapterKindName.__args__ == tuple(KINDS)
    models = [schema, *(each for each in schema["$defs"].values() if "properties" in each)]
    assert [
        f"{model['title']}.{key}"
        for model in models
        for key, field in model["properties"].items()
        if not field.get("description")
    ] == []


def test_the_file_the_reader_is_shown_is_the_one_that_is_wrong(rig_file) -> None:
    assert problems(rig_file(("kind: eeprom24", "kind: x")))[0].line == 11
