// Turns plain Squirrel 3.0.5 into the dialect of impOS (fact base: api/squirrel.yaml, vm305_gap).
// `this` is the host's table: its native functions, and the default delegates `strings`, `arrays`, `functions`.
// A function called without an object is called with the caller's `this`: that is how each wrapper below
// hands its own object on to the original.

local root = getroottable();
local host = this;

foreach (name in ["setroottable", "getconsttable", "setconsttable", "compilestring", "newthread", "suspend",
                  "setdebughook", "seterrorhandler", "getstackinfos", "enabledebuginfo"]) {
    delete root[name];
}

root.print <- host.print;
root.error <- host.error;
root.format <- host.format;

root.math <- {};
foreach (name in ["abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "exp", "fabs", "floor", "log", "log10",
                  "pow", "rand", "sin", "sqrt", "srand", "tan"]) {
    root.math[name] <- delete root[name];
}
root.math.srand = function(seed) {};

local function requireNumber(value) {
    if (typeof value != "integer" && typeof value != "float") {
        throw "parameter 1 has an invalid type '" + typeof value + "' ; expected: 'integer|float'";
    }
}

root.swap2 <- function(value) {
    requireNumber(value);
    value = value.tointeger();
    return ((value & 0xFF) << 8) | ((value >> 8) & 0xFF);
};

root.date <- function(time = null, zone = null) {
    return host.date(time == null ? ::time() : time);
};

local function requireSize(size) {
    requireNumber(size);
    if (size.tointeger() < 0) throw "negative size";
}

local array = root.array;
root.array <- function(size, fill = null) {
    requireSize(size);
    return array(size, fill);
};


// Strings and arrays

host.strings.find <- host.find;

host.strings.tointeger <- (function(tointeger) {
    return function() {
        local size = len();
        if (size < 2 || this[0] != '0' || (this[1] | 0x20) != 'x') return tointeger();
        if (size > 10) return -1;
        local value = 0;
        for (local i = 2; i < size; i++) {
            local digit = this[i] | 0x20;
            if (digit >= '0' && digit <= '9') digit -= '0';
            else if (digit >= 'a' && digit <= 'f') digit -= 'a' - 10;
            else break;
            value = (value << 4) | digit;
        }
        return value;
    };
})(host.strings.tointeger);

// Plain slice() reads foreign memory when it starts before the beginning.
local function guardSlice(slice) {
    return function(start, ...) {
        if (vargv.len() > 1) throw "wrong number of parameters";
        requireNumber(start);
        if (start.tointeger() < -len()) throw "slice out of range";
        return vargv.len() ? slice(start, vargv[0]) : slice(start);
    };
}
host.arrays.slice <- guardSlice(host.arrays.slice);

host.strings.slice <- (function(slice, len) {
    local guarded = guardSlice(slice);
    return function(start, ...) {
        if (vargv.len() > 1) throw "wrong number of parameters";
        local text = len() < host.lengths ? this : slice(0, len() % host.lengths);
        return vargv.len() ? guarded.call(text, start, vargv[0]) : guarded.call(text, start);
    };
})(host.strings.slice, host.strings.len);

host.strings.len <- (function(len) {
    return function() {
        return len() % host.lengths;
    };
})(host.strings.len);

host.arrays.resize <- (function(resize) {
    return function(size, fill = null) {
        requireSize(size);
        resize(size, fill);
    };
})(host.arrays.resize);


// Functions

delete host.functions.getinfos;

// The closure that plain bindenv makes holds its object weakly. This wrapper also captures the object, so that
// it lives as long as the bound closure does. `return` makes each call a tail call: no frame of its own.
host.functions.bindenv <- (function(bindenv) {
    return function(environment) {
        local bound = this;
        local wrapper = function(...) {
            local a = vargv;
            switch (a.len()) {
                case 0: return bound();
                case 1: return bound(a[0]);
                case 2: return bound(a[0], a[1]);
                case 3: return bound(a[0], a[1], a[2]);
                case 4: return bound(a[0], a[1], a[2], a[3]);
                case 5: return bound(a[0], a[1], a[2], a[3], a[4]);
                case 6: return bound(a[0], a[1], a[2], a[3], a[4], a[5]);
            }
            a.insert(0, environment);
            return bound.acall(a);
        };
        return bindenv.call(wrapper, environment);
    };
})(host.functions.bindenv);

local function limitElements(call) {
    return function(elements) {
        if (host.acall_limit != null && typeof elements == "array" && elements.len() > host.acall_limit) {
            throw "too many parameters";
        }
        return call(elements);
    };
}
host.functions.acall <- limitElements(host.functions.acall);
host.functions.pacall <- limitElements(host.functions.pacall);


// Blobs

local blob = root.blob;

local function claim(size) {
    if (size > host.blob_limit) throw "cannot create blob larger than " + host.blob_limit + " bytes";
    if (size > 1024) host.claim(size);
}

local function checkSize(size) {
    requireNumber(size);
    size = size.tointeger();
    if (size < 0) throw "cannot create blob with negative size";
    claim(size);
}

blob.constructor <- (function(construct) {
    return function(size = 0) {
        checkSize(size);
        construct(size);
    };
})(blob.constructor);

blob.resize <- (function(resize) {
    return function(size) {
        checkSize(size);
        resize(size);
    };
})(blob.resize);

blob.readblob <- (function(readblob) {
    return function(count) {
        requireSize(count);
        return readblob(count);
    };
})(blob.readblob);

blob.writeblob <- (function(writeblob) {
    return function(other) {
        if (other instanceof blob) claim(tell() + other.len());
        writeblob(other);
    };
})(blob.writeblob);

// The original cannot be called from here: a class does not hand out its metamethods.
blob._set <- (function(writen) {
    return function(index, value) {
        requireNumber(index);
        if (typeof value == "string" && value.len() == 1) value = value[0];
        local pointer = tell();
        if (index >= len() || seek(index) != 0) throw "index out of range";
        writen(value, 'b');
        seek(pointer);
    };
})(blob.writen);

blob.writen <- (function(writen) {
    return function(value, type) {
        claim(tell() + 1);
        local kind = typeof value;
        writen(kind == "integer" || kind == "float" ? value : 0, type);
    };
})(blob.writen);

blob.tostring <- function() {
    return host.text(this, 0, len());
};

blob._tostring <- blob.tostring;

blob.readstring <- function(count) {
    requireSize(count);
    count = count.tointeger();
    local start = tell();
    local left = len() - start;
    if (count > left) count = left;
    seek(start + count);
    return host.text(this, start, count);
};

blob.writestring <- function(text) {
    writeblob(host.bytes(text));
};
