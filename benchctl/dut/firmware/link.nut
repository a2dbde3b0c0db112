// benchctl device firmware: lets the bench call the imp API by name over a UART.
//
// The bench fills in the @{...} places when it builds the program. Requests and replies are COBS frames with
// a CRC-16; the last answer is kept, so that a repeated request is answered again and never run twice.

const FIRMWARE = "@{version}";
const RX_FIFO = 2048;
const TX_FIFO = 512;
const DEFAULT_FIFO = 80;
const USUAL_FRAME = 22;

enum Frame {
    OPEN = 0x01, CALL = 0x02, PART = 0x03,
    RESULT = 0x81, THROWN = 0x82, ACK = 0x83, EVENT = 0x84, HELLO = 0x85, NAK = 0x86
}

enum Tag {
    NULL, TRUE, FALSE, INT, FLOAT, STRING, BLOB, ARRAY, TABLE, REFERENCE, CONSTANT, CALLBACK, BYTE, OPAQUE
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
    _buffer = "";
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
        _buffer = "";
        rxFifo = DEFAULT_FIFO;
        // An 80-byte FIFO fills in under a millisecond at the link's baud rate.
        uart.disable();
        if (_resize(RX_FIFO, TX_FIFO)) rxFifo = RX_FIFO;
        uart.configure(baud, 8, PARITY_NONE, 1, NO_CTSRTS | CALLBACK_WITH_FLAGS, _received.bindenv(this));
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

    function drain() {
        _uart.flush();
    }

    function send(kind, sequence, payload) {
        local rest = payload.len() + 4;
        local body = blob(rest + 1);
        body.writen(rest < 255 ? rest : 255, 'b');
        body.writen(kind, 'b');
        body.writen(sequence, 'b');
        body.writestring(payload);
        local check = _crc(body, payload.len() + 3);
        body.writen(check & 0xFF, 'b');
        body.writen(check >> 8, 'b');
        _uart.write(_stuff(body.tostring()));
    }

    function _received(flags) {
        if (!(flags & READ_READY)) return;
        // Called at the first byte: wait here for the rest of the frame instead of being called for every byte.
        local missing = _buffer.len() ? _missing() : USUAL_FRAME, tries = 8;
        do {
            if (missing > 0) imp.sleep((missing + 1) * _byteTime);
            _read();
            missing = _missing();
        } while (missing > 0 && --tries > 0);
        local end = _buffer.find("\x00");
        while (end != null) {
            local piece = _buffer.slice(0, end);
            _buffer = _buffer.slice(end + 1);
            if (end > 0) _unpack(piece);
            end = _buffer.find("\x00");
        }
    }

    function _read() {
        local got = _uart.readstring();
        _buffer += got;
        while (got.len() >= DEFAULT_FIFO) {
            got = _uart.readstring();
            _buffer += got;
        }
    }

    // How many bytes of the frame that has begun are still to come, as far as its first bytes tell.
    function _missing() {
        local n = _buffer.len(), at = 0;
        while (at < n && _buffer[at] == 0) at++;
        if (n == 0) return 0;
        if (n - at < 2) return USUAL_FRAME - n;
        local length = _buffer[at + 1] & 0xFF;
        if (length == 255) return _buffer[n - 1] == 0 ? 0 : DEFAULT_FIFO / 2;
        return at + length + 3 - n;
    }

    function _unpack(piece) {
        local body = _unstuff(piece);
        local n = body == null ? 0 : body.len();
        if (n < 5 || (body[n - 2] | (body[n - 1] << 8)) != _crc(body, n - 2)) {
            send(Frame.NAK, 0, "");
            return;
        }
        body.seek(3);
        _onFrame(body[1], body[2], n > 5 ? body.readstring(n - 5) : "");
    }

    function _crc(body, n) {
        local crc = 0xFFFF;
        for (local i = 0; i < n; i++) crc = ((crc << 8) & 0xFFFF) ^ _table[(crc >> 8) ^ body[i]];
        return crc;
    }

    function _stuff(text) {
        local n = text.len(), at = 0;
        local out = blob(n + n / 254 + 4);
        out.writen(0, 'b');
        while (at <= n) {
            local zero = text.find("\x00", at);
            local end = zero == null ? n : zero;
            while (end - at >= 254) {
                out.writen(255, 'b');
                out.writestring(text.slice(at, at + 254));
                at += 254;
            }
            out.writen(end - at + 1, 'b');
            if (end > at) out.writestring(text.slice(at, end));
            at = end + 1;
        }
        out.writen(0, 'b');
        local used = out.tell();
        out.seek(0);
        return out.readblob(used);
    }

    function _unstuff(piece) {
        local n = piece.len(), at = 0;
        local out = blob(n), used = 0;
        while (at < n) {
            local code = piece[at] & 0xFF;
            if (code == 0 || at + code > n) return null;
            if (code > 1) out.writestring(piece.slice(at + 1, at + code));
            at += code;
            if (code < 255 && at < n) out.writen(0, 'b');
        }
        used = out.tell();
        if (used == 0) return null;
        out.seek(0);
        return out.readblob(used);
    }
}

class Codec {
    // Values in and out of a payload.
    _objects = null;
    _onEvent = null;

    constructor(objects, onEvent) {
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
    _lastKind = 0;
    _lastPayload = null;
    _parts = "";
    _events = 0;
    _batches = null;

    constructor(uart, baud) {
        _batches = [];
        _objects = Objects();
        _codec = Codec(_objects, _event.bindenv(this));
        _wire = Wire(_frame.bindenv(this));
        _wire.open(uart, baud);
        _hello(0);
    }

    function _hello(sequence) {
        local out = blob();
        _codec.write(out, {
            module = "info" in imp ? imp.info().type : "",
            device_id = hardware.getdeviceid(),
            version = imp.getsoftwareversion(),
            wake_reason = hardware.wakereason(),
            boots = nv.boots,
            rx_fifo = _wire.rxFifo,
            firmware = FIRMWARE
        });
        _wire.send(Frame.HELLO, sequence, out.tostring());
    }

    function _frame(kind, sequence, payload) {
        if (kind == Frame.OPEN) {
            _session = payload[0] & 0xFF;
            _lastSequence = 0;
            _parts = "";
            _hello(_session);
        } else if (payload.len() == 0 || (payload[0] & 0xFF) != _session || _session == 0) {
            _hello(0);
        } else if (sequence == _lastSequence) {
            _wire.send(_lastKind, sequence, _lastPayload);
        } else if (kind == Frame.PART) {
            _parts += payload.slice(1);
            _answer(Frame.ACK, sequence, "");
        } else if (kind == Frame.CALL) {
            local request = _parts + payload.slice(1);
            _parts = "";
            _execute(sequence, request);
        }
    }

    function _execute(sequence, request) {
        local out = blob(), kind = Frame.RESULT;
        try {
            local source = blob(request.len());
            source.writestring(request);
            source.seek(0);
            local operation = source.readn('b'), args = [];
            while (source.tell() < source.len()) args.append(_codec.read(source));
            _codec.write(out, _operate(operation, args));
        } catch (error) {
            out = blob();
            kind = Frame.THROWN;
            _codec.write(out, error);
        }
        _answer(kind, sequence, out.tostring());
    }

    function _answer(kind, sequence, payload) {
        _lastSequence = sequence;
        _lastKind = kind;
        _lastPayload = payload;
        _wire.send(kind, sequence, payload);
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
        local out = blob();
        foreach (value in [id, at, args, then]) _codec.write(out, value);
        _events = (_events + 1) & 0xFF;
        _wire.send(Frame.EVENT, _events, out.tostring());
    }
}

if (!("nv" in getroottable())) nv <- {};
nv.boots <- ("boots" in nv) ? nv.boots + 1 : 1;
bench <- Bench(hardware.@{uart}, @{baud});
