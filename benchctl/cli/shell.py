"""`benchctl shell`."""

import code

from benchctl.cli.rigs import Impos, Rig, Seed, opened

_BANNER = """\
{rig}: {module}, impOS {version}
imp    the imp API by its own names, such as imp.hardware.uart1.configure(9600, 8, imp.PARITY_NONE, 1)
bench  the bench, such as bench.uart("uart1"), bench.capture(["u1_tx"], 1e6), bench.gpio("M")
Ctrl-D ends; everything is released."""


def command(rig: Rig, impos: Impos = "", seed: Seed = 0) -> None:
    """A Python prompt with `imp` and `bench` on it."""
    with opened(rig, seed=seed, impos=impos) as bench:
        imp = bench.imp
        banner = _BANNER.format(rig=bench.rig.name, module=bench.rig.module.name, version=imp.hello.version)
        code.interact(banner, local={"imp": imp, "bench": bench}, exitmsg="")
