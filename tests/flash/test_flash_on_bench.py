"""The flash commands on the virtual bench: the real adapter, the rig's wires, the imp in reset."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchctl.bench import Bench, open_bench
from benchctl.bench.flash import flash_bus, flash_chip, own_flash
from benchctl.buses.spi import SpiFormat
from benchctl.cli.main import run
from benchctl.errors import AdapterGoneError, NotEquippedError, UserError
from benchctl.flash.dump import DumpResult, Region, dump
from benchctl.rig.loader import load_rig
from benchctl.twin.build import open_virtual

RIGS = Path(__file__).parents[2] / "rigs"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench("virtual-imp005") as opened:
        yield opened


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """The virtual imp004m, its flash kept in flash.bin."""
    text = (RIGS / "virtual-imp004m.yaml").read_text(encoding="utf-8")
    text = text.replace("include: [boards/", f"include: [{RIGS}/boards/")
    kept = text.replace("part: W25Q32JV}", "part: W25Q32JV, image: flash.bin}")
    assert kept != text
    (tmp_path / "rig.yaml").write_text(kept, encoding="utf-8")
    return tmp_path / "rig.yaml"


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    data = np.random.default_rng(0).integers(0, 256, 4 << 20, np.uint8).tobytes()
    (tmp_path / "flash.bin").write_bytes(data)
    return data


def benchctl(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["benchctl", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            run()
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def document(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    given, out, err = benchctl(capsys, *words, "--json")
    assert (given, err) == (code, "")
    return json.loads(out)


def test_the_imp_is_held_in_reset_and_let_go_whatever_happens(bench: Bench) -> None:
    bench.power.on()
    reset = bench.gpio("reset")
    with flash_chip(bench, "flash", 15e6) as chip:
        assert not reset.read()
        assert chip.size == 16 << 20
    assert reset.read()

    def fail(error: BaseException) -> None:
        with flash_bus(bench, "flash"):
            assert not reset.read()
            raise error

    for error in (UserError("wrong"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            fail(error)
        assert reset.read()


def test_own_flash() -> None:
    assert own_flash(load_rig("virtual-imp005")) == "flash"
    with pytest.raises(NotEquippedError, match="flash part on the flash pins of its imp001"):
        own_flash(load_rig("virtual-imp001"))


def test_what_is_not_a_flash(bench: Bench) -> None:
    with pytest.raises(UserError, match="no flash 'flsh'"), flash_bus(bench, "flsh"):
        pass


def test_a_dump_uses_the_bus_to_the_full(bench: Bench, tmp_path: Path) -> None:
    with flash_chip(bench, "flash", 30e6) as chip:
        for hz, least in ((30e6, 0.95), (15e6, 0.95)):
            result = dump(chip, bench.clock, Region(0, 1 << 20, 2, (hz,)), tmp_path / "f")
            assert least <= result.wire <= 1


def test_id(capsys: pytest.CaptureFixture[str]) -> None:
    about = document(capsys, "flash", "id", "virtual-imp005")
    assert (about["part"], about["jedec_id"], about["maker"]) == ("flash", "EF4018", "Winbond")
    assert [area["name"] for area in about["areas"]] == ["impos", "user"]
    assert about["areas"][-1]["end"] == about["bytes"] == 16 << 20
    code, out, _ = benchctl(capsys, "flash", "id", "virtual-imp005", "--part", "nor")
    assert code == 0
    assert "W25X40CL" in out


@pytest.mark.parametrize(("name", "border"), [("virtual-imp003", 448 << 10), ("virtual-imp004m", 776 << 10)])
def test_documented_borders(capsys: pytest.CaptureFixture[str], name: str, border: int) -> None:
    areas = document(capsys, "flash", "id", name)["areas"]
    assert (areas[0]["end"], areas[1]["start"]) == (border, border)


def test_dump_verify_and_diff(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rig: Path, content: bytes
) -> None:
    out = tmp_path / "out.bin"
    about = document(capsys, "flash", "dump", rig, "-o", out, "--hz", "30e6", "--hz", "15e6", "--reads", "3")
    assert out.read_bytes() == content
    assert about["sha256"] == sha256(content).hexdigest()
    assert about["rates"] == [30e6, 15e6]
    assert document(capsys, "flash", "verify", rig, out)["same"]
    spoilt = bytearray(content)
    spoilt[0x100] ^= 1
    spoilt[0x300000] ^= 1
    out.write_bytes(spoilt)
    wrong = document(capsys, "flash", "verify", rig, out, code=1)
    assert wrong["spans"] == [[0x100, 0x101], [0x300000, 0x300001]]
    changes = document(capsys, "flash", "diff", rig, out, "--svg", tmp_path / "map.svg", code=1)
    assert changes["areas"] == [
        {"name": "impos", "sectors": 1, "bytes": 1}, {"name": "user", "sectors": 1, "bytes": 1},
    ]  # fmt: skip
    assert (tmp_path / "map.svg").read_text().startswith("<svg")
    code, text, _ = benchctl(capsys, "flash", "diff", rig, out, "--hex")
    assert code == 1
    assert "impos: 1 sectors, 1 bytes changed" in text
    assert "00000100" in text


def test_dump_of_an_area(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rig: Path, content: bytes
) -> None:
    out = tmp_path / "out.bin"
    document(capsys, "flash", "dump", rig, "-o", out, "--area", "user", "--at", "0x1000", "--count", "0x2000")
    assert out.read_bytes() == content[0xC3000:0xC5000]


def test_write_and_erase_spare_impos(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rig: Path, content: bytes
) -> None:
    small = tmp_path / "small.bin"
    small.write_bytes(b"hello, flash")
    for words in (("write", rig, small), ("erase", rig), ("erase", rig, "--area", "impos")):
        code, out, err = benchctl(capsys, "flash", *words)
        assert (code, out) == (2, "")
        assert "reaches into the impOS area" in err
    assert (tmp_path / "flash.bin").read_bytes() == content
    document(capsys, "flash", "erase", rig, "--area", "user", "--count", "0x1000")
    document(capsys, "flash", "write", rig, small, "--area", "user", "--at", "16")
    document(capsys, "flash", "write", rig, small, "--at", "0x20", "--force")
    after = (tmp_path / "flash.bin").read_bytes()
    assert after[:0xC2000] == content[:0x20] + small.read_bytes() + content[0x2C:0xC2000]
    assert after[0xC2000:0xC3000] == b"\xff" * 16 + small.read_bytes() + b"\xff" * (0x1000 - 28)
    assert after[0xC3000:] == content[0xC3000:]


def test_wrong_requests(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for words, message in (
        (("dump", "virtual-imp001", "-o", tmp_path / "f"), "no flash part on the flash pins of its imp001"),
        (("verify", "virtual-imp004m", tmp_path / "none"), "cannot read"),
        (("dump", "virtual-imp004m", "-o", tmp_path / "f", "--area", "usr"), "no area 'usr'"),
        (("dump", "virtual-imp004m", "-o", tmp_path / "f", "--at", "0x400000"), "is not within"),
    ):
        code, out, err = benchctl(capsys, "flash", *words)
        assert (code, out) == (3 if "imp001" in message else 2, "")
        assert message in err


def test_the_bus_is_free_again_for_others(bench: Bench) -> None:
    with flash_bus(bench, "nor") as spi:
        spi.configure(SpiFormat(1e6))
        assert spi.exchange(b"\x9f", 3) == bytes.fromhex("ef3013")
    with flash_chip(bench, "nor", 1e6) as chip:
        assert chip.size == 512 << 10


def test_unplugged_in_mid_dump_it_lets_the_imp_go_and_goes_on_later(tmp_path: Path) -> None:
    rig, out = load_rig("virtual-imp005"), tmp_path / "flash.bin"
    region = Region(0, 1 << 20, 2, (30e6,))
    with closing(open_virtual(rig)) as twin:
        cells = twin.parts["flash"].memory.cells
        cells[: region.count] = np.random.default_rng(5).integers(0, 256, region.count, np.uint8)
        quad = next(port for port in twin.usb.root if port.device is twin.adapters["quad"])
        cable = quad.device
        twin.world.at(twin.world.now + 400_000_000, quad.unplug)

        def dumped() -> DumpResult:
            with (
                Bench(rig, twin.host, lambda: twin.cloud, lambda: None) as bench,
                flash_chip(bench, "flash", 30e6) as chip,
            ):
                return dump(chip, bench.clock, region, out)

        with pytest.raises(AdapterGoneError, match=r"quad\b.* has gone"):
            dumped()
        assert twin.nets["reset"].level()
        assert cable is not None
        quad.plug(cable)
        twin.host.clock.sleep(0.5)
        result = dumped()
        assert 0 < result.resumed_at < region.count
        assert out.read_bytes() == cells[: region.count].tobytes()
