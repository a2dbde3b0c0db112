// benchctl device firmware: lets the bench call the imp API by name over a UART.
//
// The bench fills in the @{...} places when it builds the program. Requests and replies are COBS frames with
// a CRC-16; the last answer is kept, so that a repeated request is answered again and never run twice.

const FIRMWARE = "@{version}";
const RX_FIFO = 2048;
const TX_FIFO = 512;
const DEFAULT_FIFO = 80;

// A frame: COBS code, length, kind, sequence, payload, CRC, zero.
const FRAME_HEAD = 4;
const SHORT = 254;
const PATIENCE = 128;

enum Frame {
    OPEN = 0x01, CALL = 0x02, PART = 0x03,
    RESULT = 0x81, THROWN = 0x82, ACK = 0x83, EVENT = 0x84, HELLO = 0x85, NAK = 0x86
}

enum Tag {
    NULL, TRUE, FALSE, INT, FLOAT, STRING, BLOB, ARRAY, TABLE, REFERENCE, CONSTANT, CALLBACK, BYTE, OPAQUE,
    NEW_NUMBER, NUMBER
}

// Constants are looked up when asked for: a release that lacks one throws then, and only then. They are asked for
// with the root table as `this`, because a name is looked up in `this` first.
constants <- {
@{constants}
};

class Wire {
    // Frames over one UART.
    _uart = null;
    _baud = null;
    _byteTime = null;
    _buffer = null;
    _table = null;
    _onFrame = null;
    rxFifo = 80;

    constructor(onFrame) {
        _onFrame = onFrame;
        _table = array(256);
        for (local i = 0; i < 256; i++) {
            local crc = i << 8;
            for (local bit = 0; bit < 8; bit++) crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
            _table[i] = crc & 0xFFFF;
        }
    }

    function open(uart, baud) {
        _uart = uart;
        _baud = baud;
        _byteTime = 10.0 / baud;
        _buffer = blob();
        rxFifo = DEFAULT_FIFO;
        // An 80-byte FIFO fills in under a millisecond at the link's baud rate.
        uart.disable();
        if (_resize(RX_FIFO, TX_FIFO)) rxFifo = RX_FIFO;
        uart.configure(baud, 8, PARITY_NONE, 1, NO_CTSRTS, _received.bindenv(this));
    }

    function reopen() {
        open(_uart, _baud);
    }

    // Leaves the port as it was found: FIFO sizes outlive the program.
    function close() {
        _uart.flush();
        _uart.disable();
        _resize(DEFAULT_FIFO, DEFAULT_FIFO);
    }

    // True where FIFO sizes can be set: from impOS 32 on.
    function _resize(rx, tx) {
        try {
            _uart.setrxfifosize(rx);
            _uart.settxfifosize(tx);
            return true;
        } catch (unsupported) {
            return false;
        }
    }

    // A frame to write the payload into.
    function frame() {
        local frame = blob(FRAME_HEAD);
        frame.seek(0, 'e');
        return frame;
    }

    // Send a frame made with `frame`; returns what went over the wire, to `repeat`.
    function send(kind, sequence, frame) {
        local n = frame.len();
        frame[1] = n < 255 ? n : 255;
        frame[2] = kind;
        frame[3] = sequence;
        local check = _crc(frame, 1, n);
        frame.writen(check & 0xFF, 'b');
        frame.writen(check >> 8, 'b');
        local sent = n + 2 <= SHORT ? _stuff(frame) : _stuffLong(frame);
        _uart.write(sent);
        return sent;
    }

    // What was not asked for comes after silence or noise: a zero ends whatever that was taken for.
    function announce(kind, sequence, frame) {
        _uart.write("\x00");
        send(kind, sequence, frame);
    }

    function repeat(sent) {
        _uart.write("\x00");
        _uart.write(sent);
    }

    // The UART calls at the first byte: wait here for the rest of the frame instead of being called for each byte.
    // A rest that is some milliseconds late is lost.
    function _received() {
        _read();
        // Bytes that were waited for call once more.
        if (_buffer.len() == 0) return;
        local missing = _missing(), had = _buffer.len(), patience = 1;
        while (missing > 0 && patience <= PATIENCE) {
            imp.sleep((missing + 1) * _byteTime * patience);
            _read();
            missing = _missing();
            patience = _buffer.len() > had ? 1 : patience * 2;
            had = _buffer.len();
        }
        _cut();
        if (missing <= 0) return;
        _buffer = blob();
        _refuse();
    }

    function _read() {
        local got = _uart.readblob();
        while (got.len() >= DEFAULT_FIFO) {
            _buffer.writeblob(got);
            got = _uart.readblob();
        }
        if (got.len()) _buffer.writeblob(got);
    }

    // How many bytes of the frame that has begun are still to come, as far as its first bytes tell.
    function _missing() {
        local n = _buffer.len(), at = _start();
        if (at == n) return 0;
        if (n - at < 2) return 1;
        local length = _buffer[at + 1];
        if (length == 255) return _buffer[n - 1] == 0 ? 0 : DEFAULT_FIFO / 2;
        return at + length + 3 - n;
    }

    // Where the first frame in the buffer begins.
    function _start() {
        local n = _buffer.len(), at = 0;
        while (at < n && _buffer[at] == 0) at++;
        return at;
    }

    // Take the frames out of the buffer.
    function _cut() {
        local buffer = _buffer, n = buffer.len(), from = 0;
        _buffer = blob();
        for (local at = 0; at < n; at++) {
            if (buffer[at] != 0) continue;
            if (at > from) {
                buffer.seek(from);
                _unpack(buffer.readblob(at - from));
            }
            from = at + 1;
        }
        if (from == n) return;
        buffer.seek(from);
        _buffer.writeblob(buffer.readblob(n - from));
    }

    function _unpack(piece) {
        local n = piece.len();
        local body = n <= SHORT ? _unstuff(piece) : _unstuffLong(piece);
        n = body == null ? 0 : body.len();
        if (n < 6 || (body[n - 2] | (body[n - 1] << 8)) != _crc(body, 1, n - 2)) {
            _refuse();
            return;
        }
        body.resize(n - 2);
        body.seek(4);
        _onFrame(body[2], body[3], body);
    }

    function _refuse() {
        announce(Frame.NAK, 0, frame());
    }

    function _crc(body, from, to) {
        local crc = 0xFFFF, table = _table;
        for (local i = from; i < to; i++) crc = ((crc << 8) & 0xFFFF) ^ table[(crc >> 8) ^ body[i]];
        return crc;
    }

    // COBS in place: each zero becomes the distance to the next.
    function _stuff(frame) {
        local zero = frame.len();
        for (local i = zero - 1; i >= 0; i--) {
            if (frame[i] != 0) continue;
            frame[i] = zero - i;
            zero = i;
        }
        frame.writen(0, 'b');
        return frame;
    }

    // A code is in front of the body, which then starts at 1.
    function _unstuff(piece) {
        local n = piece.len(), at = 0;
        while (at < n) {
            local code = piece[at];
            if (code == 0 || at + code > n) return null;
            piece[at] = 0;
            at += code;
        }
        return piece;
    }

    // More than 254 bytes can be without a zero: what stands for them does not fit in place.
    function _stuffLong(frame) {
        local n = frame.len(), out = blob(n + n / SHORT + 2), at = 1;
        while (at <= n) {
            local zero = at;
            while (zero < n && zero - at < SHORT && frame[zero] != 0) zero++;
            out.writen(zero - at + 1, 'b');
            _copy(frame, at, zero, out);
            at = zero - at < SHORT ? zero + 1 : zero;
        }
        out.writen(0, 'b');
        out.resize(out.tell());
        return out;
    }

    function _unstuffLong(piece) {
        local n = piece.len(), at = 0, out = blob(n + 1);
        out.seek(1);
        while (at < n) {
            local code = piece[at];
            if (code == 0 || at + code > n) return null;
            _copy(piece, at + 1, at + code, out);
            at += code;
            if (code < 255 && at < n) out.writen(0, 'b');
        }
        out.resize(out.tell());
        return out;
    }

    function _copy(source, from, to, out) {
        if (to == from) return;
        source.seek(from);
        out.writeblob(source.readblob(to - from));
    }
}

class Codec {
    // Values in and out of a payload.
    _objects = null;
    _onEvent = null;
    _numbered = null;

    constructor(objects, onEvent) {
        _numbered = {};
        _objects = objects;
        _onEvent = onEvent;
    }

    function write(out, value) {
        switch (typeof value) {
            case "null":    out.writen(Tag.NULL, 'b'); break;
            case "bool":    out.writen(value ? Tag.TRUE : Tag.FALSE, 'b'); break;
            case "integer":
                if (value >= 0 && value < 256) {
                    out.writen(Tag.BYTE, 'b');
                    out.writen(value, 'b');
                } else {
                    out.writen(Tag.INT, 'b');
                    out.writen(value, 'i');
                }
                break;
            case "float":   out.writen(Tag.FLOAT, 'b'); out.writen(value, 'f'); break;
            case "string":  _head(out, Tag.STRING, value.len()); out.writestring(value); break;
            case "blob":    _head(out, Tag.BLOB, value.len()); if (value.len()) out.writeblob(value); break;
            case "array":
                _head(out, Tag.ARRAY, value.len());
                foreach (item in value) write(out, item);
                break;
            case "table":
                _head(out, Tag.TABLE, value.len());
                foreach (key, item in value) {
                    write(out, key.tostring());
                    write(out, item);
                }
                break;
            default:
                local name = typeof value;
                _head(out, Tag.OPAQUE, name.len());
                out.writestring(name);
        }
    }

    function read(source) {
        switch (source.readn('b')) {
            case Tag.NUMBER: return _numbered[source.readn('b')];
            case Tag.NULL:  return null;
            case Tag.TRUE:  return true;
            case Tag.FALSE: return false;
            case Tag.INT:   return source.readn('i');
            case Tag.FLOAT: return source.readn('f');
            case Tag.BYTE:  return source.readn('b');
            case Tag.STRING: return _text(source);
            case Tag.BLOB:
                local n = source.readn('w');
                return n ? source.readblob(n) : blob();
            case Tag.ARRAY:
                local list = [];
                for (local n = source.readn('w'); n > 0; n--) list.append(read(source));
                return list;
            case Tag.TABLE:
                local table = {};
                for (local n = source.readn('w'); n > 0; n--) {
                    local key = read(source);
                    table[key] <- read(source);
                }
                return table;
            case Tag.REFERENCE: return _objects.at(_text(source));
            case Tag.CONSTANT:
                local value = 0;
                foreach (name in split(_text(source), "|")) value = value | constants[name].call(getroottable());
                return value;
            case Tag.CALLBACK:
                local id = source.readn('b');
                return reporter(id, read(source));
            case Tag.NEW_NUMBER:
                local number = source.readn('b');
                return _numbered[number] <- read(source);
        }
        throw "the bench sent a value of an unknown kind";
    }

    // A function that reports each of its calls, and the results of the calls in `then`, to the bench.
    function reporter(id, then) {
        local onEvent = _onEvent, objects = _objects;
        return function(...) {
            local at = hardware.micros();
            local results = [];
            foreach (path in then) {
                try {
                    results.append(objects.call(path, []));
                } catch (error) {
                    results.append(error);
                }
            }
            onEvent(id, at, vargv, results);
        };
    }

    function _head(out, tag, n) {
        out.writen(tag, 'b');
        out.writen(n, 'w');
    }

    function _text(source) {
        local n = source.readn('w');
        return n ? source.readstring(n) : "";
    }
}

class Objects {
    // What can be reached by a path such as hardware.uart1.configure, and what the bench asked to keep.
    kept = null;
    _slots = null;

    constructor() {
        kept = {};
        _slots = {};
    }

    function at(path) {
        local object = getroottable();
        foreach (name in split(path, ".")) object = name[0] == '@' ? kept[name] : object[name];
        return object;
    }

    function has(path) {
        local object = getroottable();
        foreach (name in split(path, ".")) {
            if (!(name in object)) return false;
            object = object[name];
        }
        return true;
    }

    function call(path, args) {
        if (!(path in _slots)) {
            local names = split(path, ".");
            local last = names.pop(), parent = "";
            foreach (name in names) parent += (parent.len() ? "." : "") + name;
            local owner = parent.len() ? at(parent) : getroottable();
            if (path[0] == '@') return _apply(owner[last], owner, args);
            _slots[path] <- [owner[last], owner];
        }
        local slot = _slots[path];
        return _apply(slot[0], slot[1], args);
    }

    function _apply(method, owner, args) {
        local list = [owner];
        list.extend(args);
        return method.acall(list);
    }
}

class Bench {
    // Requests from the bench.
    _wire = null;
    _codec = null;
    _objects = null;
    _session = 0;
    _lastSequence = 0;
    _lastAnswer = null;
    _parts = null;
    _events = 0;
    _batches = null;

    constructor(uart, baud) {
        _parts = blob();
        _batches = [];
        _objects = Objects();
        _codec = Codec(_objects, _event.bindenv(this));
        _wire = Wire(_frame.bindenv(this));
        _wire.open(uart, baud);
        _hello(0);
    }

    function _hello(sequence) {
        local out = _wire.frame();
        _codec.write(out, {
            module = "info" in imp ? imp.info().type : "",
            device_id = hardware.getdeviceid(),
            version = imp.getsoftwareversion(),
            wake_reason = hardware.wakereason(),
            boots = nv.boots,
            rx_fifo = _wire.rxFifo,
            firmware = FIRMWARE
        });
        _wire.announce(Frame.HELLO, sequence, out);
    }

    // `source` stands at the payload, which begins with the number of the session.
    function _frame(kind, sequence, source) {
        local session = source.eos() ? 0 : source.readn('b');
        if (kind == Frame.OPEN) {
            _session = session;
            _lastSequence = 0;
            _parts = blob();
            _hello(_session);
        } else if (session == 0 || session != _session) {
            _hello(0);
        } else if (sequence == _lastSequence) {
            _wire.repeat(_lastAnswer);
        } else if (kind == Frame.PART) {
            _keep(source);
            _answer(Frame.ACK, sequence, _wire.frame());
        } else if (kind == Frame.CALL) {
            if (_parts.len()) {
                _keep(source);
                source = _parts;
                source.seek(0);
                _parts = blob();
            }
            _execute(sequence, source);
        }
    }

    function _keep(source) {
        local n = source.len() - source.tell();
        if (n > 0) _parts.writeblob(source.readblob(n));
    }

    function _execute(sequence, source) {
        local out = _wire.frame(), kind = Frame.RESULT;
        try {
            local operation = source.readn('b'), args = [];
            while (!source.eos()) args.append(_codec.read(source));
            _codec.write(out, _operate(operation, args));
        } catch (error) {
            out = _wire.frame();
            kind = Frame.THROWN;
            _codec.write(out, error);
        }
        _answer(kind, sequence, out);
    }

    function _answer(kind, sequence, frame) {
        _lastSequence = sequence;
        _lastAnswer = _wire.send(kind, sequence, frame);
    }

    function _operate(operation, args) {
        switch (operation) {
            case 'c': return _objects.call(args[0], args[1]);
            case 'g': return _objects.at(args[0]);
            case 'e': return _objects.has(args[0]);
            case 'k':
                _objects.kept[args[0]] <- _objects.call(args[1], args[2]);
                return null;
            case 's':
                _objects.kept[args[0]] <- args[1];
                return null;
            case 'f':
                delete _objects.kept[args[0]];
                return null;
            case 'd': return _drain(args[0], args[1], args[2]);
            case 'b': return _later(args[0], args[1], args[2]);
            case 'm': return _move(args[0], args[1]);
        }
        throw "the bench asked for an unknown operation";
    }

    // Call a method until it gives `stop`, at most `limit` times: a whole FIFO in one request.
    function _drain(path, stop, limit) {
        local results = [];
        while (results.len() < limit) {
            local value = _objects.call(path, []);
            if (value == stop) break;
            results.append(value);
        }
        return results;
    }

    // Run steps detached from the link, which is given up meanwhile when `release` is set, then report.
    // They wait in a list and not in the timer's function, which before impOS 42.6 a timer may keep for good.
    function _later(delay, release, steps) {
        _batches.append([release, steps]);
        imp.wakeup(delay, _runBatch.bindenv(this));
        return null;
    }

    function _runBatch() {
        local batch = _batches.remove(0), results = [];
        if (batch[0]) _wire.close();
        foreach (step in batch[1]) results.append(_attempt(step[0], step[1]));
        if (batch[0]) _wire.reopen();
        _event(0, hardware.micros(), results, []);
    }

    function _attempt(path, args) {
        try {
            return [true, _objects.call(path, args)];
        } catch (error) {
            return [false, error];
        }
    }

    // Go on over another UART once the answer is out.
    function _move(uart, baud) {
        imp.wakeup(0, function() {
            _wire.close();
            _wire.open(uart, baud);
        }.bindenv(this));
        return null;
    }

    function _event(id, at, args, then) {
        local out = _wire.frame();
        foreach (value in [id, at, args, then]) _codec.write(out, value);
        _events = (_events + 1) & 0xFF;
        _wire.announce(Frame.EVENT, _events, out);
    }
}

if (!("nv" in getroottable())) nv <- {};
nv.boots <- ("boots" in nv) ? nv.boots + 1 : 1;
bench <- Bench(hardware.@{uart}, @{baud});
