from hypothesis import given
from hypothesis import strategies as st

from benchctl.dut.link.frames import Frame, FrameReader

frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=700))


@given(st.lists(frames, max_size=5), st.integers(1, 17))
def test_frames_survive_the_wire_in_any_chunks(sent: list[Frame], chunk: int) -> None:
    wire = b"".join(f.encode() for f in sent)
    reader = FrameReader()
    got = [f for i in range(0, len(wire), chunk) for f in reader.feed(wire[i : i + chunk])]
    assert got == sent
    assert reader.damaged == 0


@given(frames, st.data())
def test_a_damaged_byte_is_noticed_and_the_next_frame_found(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(frame.encode())
    at = data.draw(st.integers(1, len(wire) - 2))
    flip = data.draw(st.integers(1, 255))
    wire[at] ^= flip
    reader = FrameReader()
    follower = Frame(2, 9, b"after")
    got = reader.feed(bytes(wire) + follower.encode())
    assert got == [follower]
    assert reader.damaged >= 1


@given(st.binary(max_size=300))
def test_noise_never_raises(noise: bytes) -> None:
    reader = FrameReader()
    reader.feed(noise)
    follower = Frame(2, 9, b"after")
    assert reader.feed(b"\0" + follower.encode())[-1:] == [follower]
