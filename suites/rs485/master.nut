// A Modbus RTU master on RS485: reads three registers at a time and logs what they hold. The test fills in
// the @{...} places.

const ADDRESS = 17;
const COUNT = 3;
const ROUNDS = 4;
const REPLY_TIMEOUT = 0.2;

function crc16(bytes) {
    local crc = 0xFFFF;
    foreach (byte in bytes) {
        crc = crc ^ byte;
        for (local bit = 0; bit < 8; bit++) crc = (crc & 1) ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

class Master {
    _uart = null;
    _baud = null;
    _round = 0;
    _reply = null;
    _timer = null;

    constructor(uart, enable, baud) {
        _uart = uart;
        _baud = baud;
        uart.configure(baud, 8, PARITY_EVEN, 1, NO_CTSRTS | TIMING_ENABLED, _received.bindenv(this));
        uart.settxactive(enable, 1, 10, 10);
    }

    function ask() {
        local request = [ADDRESS, 3, 0, _round * COUNT, 0, COUNT];
        local crc = crc16(request), out = blob();
        request.append(crc & 0xFF);
        request.append(crc >> 8);
        foreach (byte in request) out.writen(byte, 'b');
        _reply = [];
        _timer = imp.wakeup(REPLY_TIMEOUT, _timeout.bindenv(this));
        _uart.write(out);
    }

    function _received() {
        for (local value = _uart.read(); value != -1; value = _uart.read()) _reply.append(value & 0xFF);
        if (_reply.len() < 5 || _reply.len() < 5 + 2 * COUNT) return;
        imp.cancelwakeup(_timer);
        local values = "";
        for (local i = 3; i < 3 + 2 * COUNT; i += 2) values += " " + (_reply[i] << 8 | _reply[i + 1]);
        _next(crc16(_reply) == 0 ? values : " crc");
    }

    function _timeout() {
        _next(" timeout");
    }

    function _next(outcome) {
        server.log(_round + ":" + outcome);
        if (++_round < ROUNDS) imp.wakeup(0.01, ask.bindenv(this));
    }
}

master <- Master(hardware.@{uart}, hardware.pin@{pin}, @{baud});
server.log("ready");
imp.wakeup(0.05, master.ask.bindenv(master));
