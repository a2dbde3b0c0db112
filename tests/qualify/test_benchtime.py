from benchctl.qualify.benchtime import BenchTime


class Clock:
    def __init__(self) -> None:
        self.ns = 5_000_000_000

    def __call__(self) -> int:
        return self.ns


def test_only_time_with_a_bench_counts() -> None:
    stopwatch, clock = BenchTime(), Clock()
    stopwatch.start()
    assert stopwatch.seconds == 0
    stopwatch.attach(clock)
    clock.ns += 2_000_000_000
    stopwatch.detach()
    clock.ns += 7_000_000_000
    assert stopwatch.seconds == 2
    stopwatch.attach(clock)
    clock.ns += 500_000_000
    assert stopwatch.seconds == 2.5


def test_a_bench_kept_open_is_counted_from_each_start() -> None:
    stopwatch, clock = BenchTime(), Clock()
    stopwatch.attach(clock)
    clock.ns += 1_000_000_000
    stopwatch.start()
    clock.ns += 250_000_000
    assert stopwatch.seconds == 0.25
