"""Adapters whose identity is still the placeholder of a shipped rig file: the bench works without them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchctl.bench import Bench, open_bench
from benchctl.errors import NotEquippedError, RigError
from benchctl.rig.loader import find_rig

Open = Callable[..., Bench]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the virtual imp005 with a placeholder for each adapter named."""
    with ExitStack() as stack:

        def make(*unnamed: str) -> Bench:
            rig = tmp_path / "rig.yaml"
            given = "".join(f"  {name}: {{serial: EDIT-ME}}\n" for name in unnamed)
            rig.write_text(
                f"schema: 1\ninclude: [{find_rig('virtual-imp005')}]\nname: unnamed\nbench: virtual\n"
                f"adapters:\n{given}"
            )
            return stack.enter_context(open_bench(str(rig)))

        yield make


def test_what_needs_them_is_not_equipped_and_says_where_to_name_them(opened: Open) -> None:
    bench = opened("la", "io", "hub")
    assert bench.imp.hello
    for ask in (
        lambda: bench.capture(["u1_tx"], 1e6),
        lambda: bench.gpio("m"),
        lambda: bench.usb_port("usbdev"),
    ):
        with pytest.raises(NotEquippedError, match=r"adapter '\w+' yet. put the serial of .*rig.yaml:\d"):
            ask()


def test_supply_and_reset_are_then_worked_by_hand(opened: Open) -> None:
    bench = opened("hub", "io")
    bench.power.on()
    bench.reset.release()
    with pytest.raises(NotEquippedError, match="power switch"):
        bench.power.off()
    with pytest.raises(NotEquippedError, match="reset line"):
        bench.reset.hold()
    with pytest.raises(NotEquippedError, match="power switch"), bench.imp_quiet():
        pass


def test_the_control_links_adapter_has_to_be_named(opened: Open) -> None:
    with pytest.raises(RigError, match="adapter 'quad' has the placeholder 'EDIT-ME' for its serial"):
        opened("quad")
