"""A program as large and as mixed as real device code."""

from benchctl.twin.vm.messages import ApiObject, Blob, Done, Method, NativeCall, methods

_DRIVER = """
// Driver {n} of a sensor on the bus: a class as vendor libraries write them.
class Sensor{n} extends Device {{
    static ADDRESS = {n};
    _uart = null;
    _queue = null;
    _onDone = null;

    constructor(uart) {{
        base.constructor("sensor{n}");
        _uart = uart;
        _queue = [];
    }}

    function read(onDone) {{
        _onDone = onDone;
        local frame = blob();
        frame.writen(ADDRESS, 'b');
        frame.writen(0x0304, 'w');
        frame.writestring("\\x00\\xff");
        try {{
            _uart.write(frame);
        }} catch (error) {{
            server.log(name + " failed: " + error);
        }}
        imp.wakeup(0.01, _answer.bindenv(this));
    }}

    function _answer() {{
        local answer = _uart.read();
        foreach (field in fields(answer)) _queue.push(field);
        _onDone(this, _queue.reduce(@(a, b) a + b));
    }}

    function fields(data) {{
        for (local i = 0; i < data.len(); i += 2) yield data[i] | (data[i + 1] << 8);
    }}

    function _add(other) {{ return ADDRESS + other.ADDRESS; }}
    function _typeof() {{ return "sensor"; }}
    function _get(key) {{
        if (key == "address") return ADDRESS;
        throw null;
    }}
}}
"""

_BASE = """
class Device {
    name = null;
    constructor(deviceName) { name = deviceName; }
    function _tostring() { return "<" + name + ">"; }
}
"""

_MAIN = """
const ROUNDS = 2;
enum State { IDLE, BUSY = 5 }
sensors <- [{sensors}];
total <- 0;
pending <- sensors.len();

function done(sensor, sum) {
    total += sum;
    if (--pending == 0) {
        server.log(format("%s %s %d %d %d", typeof sensor, sensor.tostring(), total, State.BUSY, ROUNDS));
        server.log((sensors[0] + sensors[1]) + " " + sensors[2].address + " " + ("absent" in sensors[0]));
        try {
            getroottable().sensors[0].absent = 1;
        } catch (error) {
            server.log(error);
        }
        nothing();
    }
}

foreach (sensor in sensors) sensor.read(done.bindenv(getroottable()));
"""


def _program(sensors: int) -> str:
    drivers = "".join(_DRIVER.format(n=n) for n in range(sensors))
    instances = ", ".join(f"Sensor{n}(hardware.uart1)" for n in range(sensors))
    return _BASE + drivers + _MAIN.replace("{sensors}", instances)


def _line_of(text: str, program: str) -> int:
    return 1 + next(number for number, line in enumerate(program.splitlines()) if text in line)


def test_a_program_of_thirty_thousand_characters(bench):
    sensors = 24
    program = _program(sensors)
    assert len(program) > 30_000
    vm = bench.boot(
        program,
        objects={
            "imp": methods("wakeup"),
            "hardware": {},
            "hardware.uart1": methods("write", "read"),
            "server": {"log": Method(as_text=True)},
        },
    )
    timers, written, log = [], [], []

    def answer(event):
        while isinstance(event, NativeCall):
            if event.method == "wakeup":
                timers.append(event.args)
                event = vm.reply(ApiObject("timer", len(timers)))
            elif event.method == "write":
                written.append(event.args[0].data)
                event = vm.throw("no space") if len(written) == 3 else vm.reply(len(written[-1]))
            elif event.method == "read":
                event = vm.reply(Blob(b"\x01\x00\x02\x01"))
            else:
                log.append(event.args[0])
                event = vm.reply(0)
        return event

    assert answer(vm.run_main()) == Done()
    assert written[7] == b"\x07\x04\x03\x00\xff"
    assert [delay for delay, _ in timers] == [timers[0][0]] * sensors
    *most, last = [answer(vm.run_callback(callback)) for _, callback in timers]
    assert most == [Done()] * (sensors - 1)
    assert log == [
        "sensor2 failed: no space",
        f"sensor <sensor{sensors - 1}> {sensors * (1 + 0x102)} 5 2",
        "1 2 false",
        f"the index 'absent' does not exist: in done device_code:{_line_of('].absent = 1', program)}",
    ]
    assert last.text == "the index 'nothing' does not exist"
    assert last.stack[0].function == "done"
    assert program.splitlines()[last.stack[0].line - 1].strip() == "nothing();"
    assert [frame.function for frame in last.stack] == ["done", "_answer"]
