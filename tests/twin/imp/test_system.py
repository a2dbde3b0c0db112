from collections.abc import Callable

from tests.twin.imp.conftest import Bench

Make = Callable[..., Bench]


def test_program_logs(make: Make) -> None:
    bench = make()
    assert bench.run('server.log("hello " + hardware.wakereason()); server.error(3);') == ["hello 0", "3"]
    assert [entry.kind for entry in bench.entries[-2:]] == ["server.log", "server.error"]
    assert bench.imp.idle


def test_sleep_takes_exactly_that_long(make: Make) -> None:
    log = make().run(
        "local a = hardware.micros(); imp.sleep(0.25); local b = hardware.micros(); server.log(b - a);"
    )
    assert log == [str(250_000 + 5)]
