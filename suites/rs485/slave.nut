// A Modbus RTU slave on RS485, as a program for an imp would be: frames are told apart by the interval that
// comes with each byte, the transceiver is enabled by settxactive(). The test fills in the @{...} places.

const ADDRESS = 17;
const REGISTERS = 16;

enum Function { READ_HOLDING = 3, WRITE_SINGLE = 6, WRITE_MULTIPLE = 16 }
enum Refusal { FUNCTION = 1, ADDRESS = 2 }

function crc16(bytes) {
    local crc = 0xFFFF;
    foreach (byte in bytes) {
        crc = crc ^ byte;
        for (local bit = 0; bit < 8; bit++) crc = (crc & 1) ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

class Slave {
    _uart = null;
    _character = null;  // all times in microseconds
    _t15 = null;
    _t35 = null;
    _frame = null;
    _broken = false;
    _registers = null;

    constructor(uart, enable, baud) {
        _uart = uart;
        _character = 11e6 / baud;
        _t15 = baud > 19200 ? 750.0 : 1.5 * _character;
        _t35 = baud > 19200 ? 1750.0 : 3.5 * _character;
        _frame = [];
        _registers = array(REGISTERS, 0);
        uart.configure(baud, 8, PARITY_EVEN, 1, NO_CTSRTS | TIMING_ENABLED, _received.bindenv(this));
        uart.settxactive(enable, 1, 10, 10);
    }

    function _received() {
        for (local value = _uart.read(); value != -1; value = _uart.read()) _take(value & 0xFF, value >> 8);
        if (_frame.len() < 2 || _frame.len() < _length()) return;
        // A byte counts as received in the middle of its stop bit: wait a little more than the silence.
        imp.sleep((_t35 + _character / 2) / 1e6);
        local more = _uart.read();
        if (more != -1) return _take(more & 0xFF, more >> 8);
        local frame = _frame;
        _frame = [];
        if (_broken) server.log("dropped: gap");
        else if (crc16(frame) != 0) server.log("dropped: crc");
        else if (frame[0] == ADDRESS) _answer(frame);
    }

    // The interval spans the byte itself: a silence of t is an interval of t and one character.
    function _take(byte, interval) {
        if (interval >= _t35 + _character / 2) {
            if (_frame.len()) server.log("dropped: short");
            _frame = [];
            _broken = false;
        } else if (_frame.len() && interval > _t15 + 1.25 * _character) {
            _broken = true;
        }
        _frame.append(byte);
    }

    function _length() {
        if (_frame[1] != Function.WRITE_MULTIPLE) return 8;
        return _frame.len() > 6 ? 9 + _frame[6] : 9;
    }

    function _answer(frame) {
        local first = frame[2] << 8 | frame[3], second = frame[4] << 8 | frame[5];
        switch (frame[1]) {
            case Function.READ_HOLDING:
                if (first + second > REGISTERS) return _send([frame[1] | 0x80, Refusal.ADDRESS]);
                local reply = [frame[1], 2 * second];
                for (local i = first; i < first + second; i++) {
                    reply.append(_registers[i] >> 8);
                    reply.append(_registers[i] & 0xFF);
                }
                return _send(reply);
            case Function.WRITE_SINGLE:
                if (first >= REGISTERS) return _send([frame[1] | 0x80, Refusal.ADDRESS]);
                _registers[first] = second;
                return _send(frame.slice(1, 6));
            case Function.WRITE_MULTIPLE:
                if (first + second > REGISTERS) return _send([frame[1] | 0x80, Refusal.ADDRESS]);
                for (local i = 0; i < second; i++) _registers[first + i] = frame[7 + 2 * i] << 8 | frame[8 + 2 * i];
                return _send(frame.slice(1, 6));
        }
        _send([frame[1] | 0x80, Refusal.FUNCTION]);
    }

    function _send(pdu) {
        local out = blob();
        pdu.insert(0, ADDRESS);
        local crc = crc16(pdu);
        pdu.append(crc & 0xFF);
        pdu.append(crc >> 8);
        foreach (byte in pdu) out.writen(byte, 'b');
        _uart.write(out);
    }
}

slave <- Slave(hardware.@{uart}, hardware.pin@{pin}, @{baud});
server.log("ready");
