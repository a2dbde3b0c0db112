"""Memory: running out of it, using it hard, and the leak of release 30."""

import pytest

_RECONNECTIONS = 25

_OUT_OF_MEMORY = """
server.log(hardware.wakereason());
if (hardware.wakereason() == WAKEREASON_NEW_SQUIRREL) {
    local kept = [];
    while (true) kept.append(blob(1000));
}
"""


def _exhaust(device_program):
    """Run out of memory once; the log of both lives."""
    device_program.deploy(_OUT_OF_MEMORY)
    device_program.entries(15.0, kind="server.log", count=2)
    return device_program.log


@pytest.mark.claim("r30-oom-restart-reported")
def test_running_out_of_memory_is_reported(judge, device_program):
    """e-oom: the imp restarts, and a last-exit entry of its log says why."""
    log = _exhaust(device_program)
    exits = [entry.text for entry in log if entry.kind == "lastexitcode"]
    judge.equal("out of memory is named", any("out of memory" in text for text in exits), True)
    judge.equal("starts", sum(entry.kind == "server.log" for entry in log), 2)


@pytest.mark.claim("r30-oom-restart-reported-repeat")
def test_wake_reason_after_running_out_of_memory(imp, judge, device_program):
    """const-wakereasons: WAKEREASON_SW_RESET stands for out of memory too."""
    reason = imp.constant_value("WAKEREASON_SW_RESET")
    starts = [entry.text for entry in _exhaust(device_program) if entry.kind == "server.log"]
    judge.equal("wake reason of the second start", starts[1:], [str(reason)])


_SOAK = """
local seed = 12345, kept = array(40), wrong = 0;
function next(n) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 8) % n;
}
function check(item) {
    if (item == null) return;
    for (local i = 0; i < item[1].len(); i += 37) if (item[1][i] != item[0]) wrong++;
}
for (local round = 0; round < 3000; round++) {
    local at = next(kept.len());
    check(kept[at]);
    local value = next(256), data = blob(1 + next(300));
    for (local i = 0; i < data.len(); i += 37) data[i] = value;
    kept[at] = next(4) ? [value, data] : null;
}
foreach (item in kept) check(item);
server.log(wrong);
"""


@pytest.mark.claim("r34-heap-corruption-alloc-free-fix")
def test_memory_keeps_its_contents_under_use(judge, device_program):
    """Three thousand blobs of random sizes come and go in random order, each checked before it goes."""
    judge.equal("blobs with wrong bytes", device_program.lines(_SOAK, 1), ["0"])


_RECONNECTING = """
server.log(hardware.wakereason());
server.setsendtimeoutpolicy(RETURN_ON_ERROR, WAIT_TIL_SENT, 30);
local data = [];
for (local n = 0; n < 60; n++) data.append({ name = "entry " + n, value = n * 37, bytes = blob(50 + n) });
foreach (n, entry in data) for (local i = 0; i < entry.bytes.len(); i++) entry.bytes[i] = n ^ i;

function wrong() {
    local count = 0;
    foreach (n, entry in data) {
        if (entry.name != "entry " + n || entry.value != n * 37 || entry.bytes.len() != 50 + n) count++;
        else for (local i = 0; i < entry.bytes.len(); i++) if (entry.bytes[i] != ((n ^ i) & 0xFF)) count++;
    }
    return count;
}

local rounds = 0, bad = 0;
function again() {
    if (rounds == ROUNDS) return server.log(rounds + " rounds, wrong: " + bad);
    server.disconnect();
    imp.wakeup(0.5, function() {
        bad += wrong();
        server.connect(function(reason) {
            if (reason == SERVER_CONNECTED) rounds++;
            bad += wrong();
            imp.wakeup(0.1, again);
        }, 30);
    });
}
imp.wakeup(0.1, again);
"""


@pytest.mark.claim("r30-reconnect-squirrel-corruption")
def test_data_survives_reconnecting(imp, judge, device_program):
    """Tables, strings and blobs are checked at every disconnection and connection; and nothing restarts."""
    reason = imp.constant_value("WAKEREASON_NEW_SQUIRREL")
    source = _RECONNECTING.replace("ROUNDS", str(_RECONNECTIONS))
    said = device_program.lines(source, 2, within_s=_RECONNECTIONS * 60)
    judge.equal("log", said, [str(reason), f"{_RECONNECTIONS} rounds, wrong: 0"])


_SCAN = """
server.log(hardware.wakereason());
if (hardware.wakereason() == WAKEREASON_NEW_SQUIRREL) {
    local least = imp.getmemoryfree(), most = least, scans = 0;
    function scan() {
        imp.scanwifinetworks();
        local free = imp.getmemoryfree();
        if (free < least) least = free;
        if (free > most) most = free;
        if (++scans % 10 == 0) server.log(scans + " " + (most - least));
        if (scans < LIMIT) imp.wakeup(0.01, scan);
    }
    scan();
}
"""


def _scan(device_program, limit: int):
    """Scan until the imp restarts, or `limit` times: restarted, scans reported, memory lost, the log."""
    device_program.deploy(_SCAN.replace("LIMIT", str(limit)))
    device_program.entries(60.0, kind="lastexitcode", count=1)
    device_program.entries(3.0)
    texts = [entry.text for entry in device_program.log if entry.kind == "server.log"]
    reports = [tuple(map(int, text.split())) for text in texts if " " in text]
    restarted = sum(" " not in text for text in texts) > 1
    scans, lost = reports[-1] if reports else (0, 0)
    return restarted, scans, lost, device_program.log


@pytest.mark.claim(
    "r30-ki-scanwifi-leak", "r30-ki-scanwifi-leak-not-in-memoryfree", "r30-ki-scanwifi-leak-oom-reboot"
)
def test_scanning_leaks_until_the_imp_restarts(judge, device_program):
    """A known issue of release 30: each scan leaks unseen by getmemoryfree(), until memory is out."""
    restarted, scans, lost, log = _scan(device_program, 2000)
    exits = [entry.text for entry in log if entry.kind == "lastexitcode"]
    judge.observe("scans until the restart", scans)
    judge.equal("restarted for lack of memory", restarted, True)
    judge.measure(
        "memory missing in getmemoryfree()", lost, unit="B", uncertainty=0, high=8_000, source="imp"
    )
    judge.equal("out of memory is named", any("out of memory" in text for text in exits), True)


@pytest.mark.claim("r30-ki-scanwifi-leak-recovery")
def test_power_cycle_brings_leaked_memory_back(judge, device_program, power_cycle_only):
    """A known issue of release 30: the number of scans to failure is that of a fresh start again."""
    power_cycle_only()
    _, fresh, _, _ = _scan(device_program, 2000)
    power_cycle_only()
    _, again, _, _ = _scan(device_program, 2000)
    judge.measure(
        "scans to failure", again, unit="", uncertainty=0, low=fresh - 10, high=fresh + 10, source="imp"
    )


@pytest.mark.impos("34")
@pytest.mark.modules("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006")  # with WiFi
def test_scanning_does_not_leak(judge, device_program):
    """Later releases: three hundred scans without a restart."""
    restarted, scans, lost, _ = _scan(device_program, 300)
    judge.equal("scans", scans, 300)
    judge.equal("restarted", restarted, False)
    judge.measure("memory lost", lost, unit="B", uncertainty=0, high=8_000, source="imp")
