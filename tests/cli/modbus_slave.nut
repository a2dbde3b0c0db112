// A Modbus RTU slave of four holding registers at address 1: reads (3) and writes of several (16).
const ADDRESS = 1;

registers <- [11, 22, 33, 44];
frame <- blob();
last <- 0;

function crc16(bytes, count) {
    local crc = 0xFFFF;
    for (local i = 0; i < count; i++) {
        crc = crc ^ bytes[i];
        for (local bit = 0; bit < 8; bit++) crc = (crc & 1) ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

function send(reply) {
    local crc = crc16(reply, reply.len());
    reply.writen(crc & 0xFF, 'b');
    reply.writen(crc >> 8, 'b');
    uart.write(reply);
}

function answer(request) {
    local code = request[1], first = request[2] << 8 | request[3], count = request[4] << 8 | request[5];
    local reply = blob();
    reply.writen(ADDRESS, 'b');
    if (first + count > registers.len()) {
        reply.writen(code | 0x80, 'b');
        reply.writen(2, 'b');
        return send(reply);
    }
    reply.writen(code, 'b');
    if (code == 3) {
        reply.writen(2 * count, 'b');
        for (local i = first; i < first + count; i++) {
            reply.writen(registers[i] >> 8, 'b');
            reply.writen(registers[i] & 0xFF, 'b');
        }
    } else {
        for (local i = 0; i < count; i++) registers[first + i] = request[7 + 2 * i] << 8 | request[8 + 2 * i];
        for (local i = 2; i < 6; i++) reply.writen(request[i], 'b');
    }
    send(reply);
}

function received() {
    local now = hardware.millis();
    if (now - last > 50) frame = blob();
    last = now;
    for (local byte = uart.read(); byte != -1; byte = uart.read()) frame.writen(byte, 'b');
    if (frame.len() < 8 || (frame[1] == 16 && frame.len() < 9 + frame[6])) return;
    local request = frame;
    frame = blob();
    if (request[0] == ADDRESS && crc16(request, request.len()) == 0) answer(request);
}

uart <- hardware.uart1;
uart.configure(19200, 8, PARITY_EVEN, 1, NO_CTSRTS, received);
server.log("ready");
