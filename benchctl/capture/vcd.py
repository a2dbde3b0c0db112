"""Value change dumps (IEEE 1364), as GTKWave, sigrok and simulators read and write them.

Every scalar variable is a channel; a vector becomes one channel per bit, `name[bit]`. Unknown (x) and
floating (z) levels read as low, as in sigrok. Other kinds of variables (real, string) are skipped.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from typing import TextIO

import numpy as np

from benchctl.capture.srzip import parse_rate
from benchctl.capture.stream import Stream
from benchctl.capture.transitions import Found, state_dtype
from benchctl.capture.waveform import NS_RATE, Waveform
from benchctl.errors import UserError

_SECONDS = {"s": 0, "ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15}
_READ = 1 << 20  # characters
_CHUNK = 1 << 19  # transitions
_CURE = "export or copy it again"
_SAMPLED = re.compile(r"channels at ([0-9.]+ [kMG]?Hz)")


@dataclass
class _Header:
    rate: Fraction = NS_RATE
    names: list[str] = field(default_factory=list)
    bits: dict[str, list[int]] = field(default_factory=dict)  # by identifier, least significant first
    sampled: Fraction | None = None  # rate of the analyser, where the comment tells


def open_vcd(path: Path) -> Stream:
    """The variables of a value change dump.

    Raises:
        UserError: not a VCD file, or more than 64 channels.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        header = _header(_tokens(file), path)
    return Stream(tuple(header.names), lambda _only: _chunks(path))


def _tokens(file: TextIO) -> Iterator[str]:
    rest = ""
    while block := file.read(_READ):
        words = (rest + block).split()
        rest = words.pop() if words and not block[-1].isspace() else ""
        yield from words
    if rest:
        yield rest


def _until_end(tokens: Iterator[str]) -> list[str]:
    words = []
    for token in tokens:
        if token == "$end":
            break
        words.append(token)
    return words


def _header(tokens: Iterator[str], path: Path) -> _Header:
    header = _Header()
    scopes: list[str] = []
    for token in tokens:
        words = _until_end(tokens) if token.startswith("$") else []
        if token == "$enddefinitions":
            break
        if token == "$timescale":
            header.rate = _timescale("".join(words), path)
        elif token == "$scope":
            scopes.append(words[-1] if words else "")
        elif token == "$upscope" and scopes:
            scopes.pop()
        elif token == "$comment":
            sampled = _SAMPLED.search(" ".join(words))
            header.sampled = parse_rate(sampled[1]) if sampled else header.sampled
        elif token == "$var":
            _declare(header, words, scopes)
        elif not token.startswith("$"):
            raise UserError(
                f"{path} is not a VCD file: {token[:40]!r} where declarations are expected", _CURE
            )
    else:
        raise UserError(f"{path} is not a VCD file: its declarations do not end", _CURE)
    if not 1 <= len(header.names) <= 64:
        raise UserError(f"{path} has {len(header.names)} channels", "1 to 64 can be read")
    return header


def _timescale(text: str, path: Path) -> Fraction:
    match = re.fullmatch(r"(1|10|100)(s|ms|us|ns|ps|fs)", text)
    if not match:
        raise UserError(f"{path} has the timescale {text!r}", "1, 10 or 100 of s, ms, us, ns, ps or fs")
    return Fraction(10 ** _SECONDS[match[2]], int(match[1]))


def _declare(header: _Header, words: list[str], scopes: list[str]) -> None:
    if len(words) < 4 or words[0] in ("real", "realtime", "string") or not words[1].isdecimal():
        return
    width, identifier, name = int(words[1]), words[2], words[3]
    if identifier in header.bits or not 1 <= width <= 64:
        return
    first = len(header.names)
    header.bits[identifier] = list(range(first, first + width))
    for bit in range(width):
        plain = name if width == 1 else f"{name}[{bit}]"
        header.names.append(_unused([plain, ".".join([*scopes, plain])], header.names))


def _unused(names: list[str], used: list[str]) -> str:
    """The first of `names` that is not used; if all are, the last with a number."""
    numbered = (f"{names[-1]}.{number}" for number in count(2))
    return next(name for name in chain(names, numbered) if name not in used)


def _chunks(path: Path) -> Iterator[Waveform]:
    with path.open(encoding="utf-8", errors="replace") as file:
        tokens = _tokens(file)
        header = _header(tokens, path)
        dtype = state_dtype(len(header.names))
        uncertainty = float(NS_RATE / (header.sampled or header.rate) / 2)
        start: int | None = None
        initial = 0
        for times, states, end in _changes(tokens, header, path):
            if start is None:
                # The values dumped at the first time are the initial levels, not edges.
                start = times[0] if times else 0
                if times:
                    initial = states[0]
                    del times[0], states[0]
            yield Waveform(
                names=tuple(header.names),
                rate=header.rate,
                transitions=Found(
                    np.array(times, dtype=np.int64), np.array(states, dtype=np.uint64).astype(dtype), initial
                ),
                initial=initial,
                start=start,
                span=end - start,
                edge_uncertainty_ns=uncertainty,
                source=path.name,
            )
            start = end
            initial = states[-1] if states else initial


def _changes(
    tokens: Iterator[str], header: _Header, path: Path
) -> Iterator[tuple["array[int]", "array[int]", int]]:
    """Ticks, states from then on, and the first tick after them, in pieces; at least one."""
    masks = {identifier: 1 << bits[0] for identifier, bits in header.bits.items() if len(bits) == 1}
    times, states = array("q"), array("Q")
    now = last = -1
    state = before = 0

    for token in tokens:
        mark = token[0]
        if mark == "#":
            following = _tick(token, path)
            if following < now:
                raise UserError(f"{path} is damaged: time goes back to {token}", _CURE)
            # Values given before the first time hold from that time on.
            if following > now >= 0 and (state != before or last < 0):
                times.append(now)
                states.append(state)
                before, last = state, now
            now = following
            if len(times) >= _CHUNK:
                yield times, states, now
                times, states = array("q"), array("Q")
        elif mark in "01xXzZuU-":
            mask = masks.get(token[1:])
            if mask is not None:
                state = state | mask if mark == "1" else state & ~mask
        elif mark in "bB":
            state = _vector(token[1:], header.bits.get(next(tokens, "")), state)
        elif mark in "rRsS":
            next(tokens, "")
        elif token == "$comment":
            _until_end(tokens)
    now = max(now, 0)
    changed = state != before or last < 0
    if changed:
        times.append(now)
        states.append(state)
    yield times, states, now + 1 if changed and last >= 0 else now


def _tick(token: str, path: Path) -> int:
    digits = token[1:]
    if not digits.isdecimal() or len(digits) > 18:
        raise UserError(f"{path} is damaged: {token[:40]!r} is no time", _CURE)
    return int(digits)


def _vector(digits: str, bits: list[int] | None, state: int) -> int:
    for place, bit in enumerate(bits or ()):
        digit = digits[-1 - place] if place < len(digits) else "0"
        state = state | 1 << bit if digit == "1" else state & ~(1 << bit)
    return state


def write_vcd(waveform: Waveform, path: Path) -> None:
    """Write a value change dump with the coarsest timescale that shows every tick, or 1 ns."""
    scale, factor = _scale(waveform.rate)
    times = waveform.times * factor.numerator // factor.denominator
    end = waveform.end * factor.numerator // factor.denominator
    start = waveform.start * factor.numerator // factor.denominator
    channels = len(waveform.names)
    sampled = float(NS_RATE) / (2 * waveform.edge_uncertainty_ns) if waveform.edge_uncertainty_ns else 0.0
    note = f" at {sampled:.0f} Hz" if sampled >= 1 else ""
    with path.open("w", encoding="utf-8") as file:
        file.write("$version benchctl $end\n")
        file.write(f"$comment Acquisition with {channels}/{channels} channels{note} $end\n")
        file.write(f"$timescale {scale} $end\n$scope module benchctl $end\n")
        for bit, name in enumerate(waveform.names):
            file.write(f"$var wire 1 {_identifier(bit)} {'_'.join(name.split())} $end\n")
        file.write("$upscope $end\n$enddefinitions $end\n")
        before = ~waveform.initial
        parts = zip([start, *times.tolist()], [waveform.initial, *waveform.states.tolist()], strict=True)
        for time, state in parts:
            file.write(f"#{time}{_difference(before, state, channels)}\n")
            before = state
        file.write(f"#{end}\n")


def _difference(before: int, state: int, channels: int) -> str:
    changed = before ^ state
    return "".join(f" {state >> bit & 1}{_identifier(bit)}" for bit in range(channels) if changed >> bit & 1)


def _identifier(bit: int) -> str:
    return chr(33 + bit)


def _scale(rate: Fraction) -> tuple[str, Fraction]:
    """The timescale for ticks of `rate`, and its units per tick (its floor where they do not fit)."""
    for unit, exponent in _SECONDS.items():
        for number in (100, 10, 1):
            units = Fraction(10**exponent, number) / rate
            if units.denominator == 1 and exponent <= 12:
                return f"{number} {unit}", units
    return "1 ns", NS_RATE / rate
