import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchctl.capture.transitions import BLOCK, Found, Sampled


def known(samples: np.ndarray, mask: int, previous: int, start: int) -> Found:
    """The same by looking at one sample after the other."""
    times, states, last = [], [], previous & mask
    for tick, word in enumerate((samples & mask).tolist(), start):
        if word != last:
            times.append(tick)
            states.append(word)
        last = word
    return Found(np.array(times, np.int64), np.array(states, samples.dtype), previous & mask)


@given(
    content=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 7)), max_size=30),
    mask=st.integers(0, 7),
    previous=st.integers(0, 7),
    start=st.integers(0, 10**12),
)
def test_samples_are_searched_for_what_is_asked(
    content: list[tuple[int, int]], mask: int, previous: int, start: int
) -> None:
    samples = np.repeat(
        np.array([word for _, word in content], np.uint8), [length for length, _ in content] or 0
    )
    sampled = Sampled(samples, mask, previous, start)
    expected = known(samples, mask, previous, start)
    assert sampled.found.times.tolist() == expected.times.tolist()
    assert sampled.found.states.tolist() == expected.states.tolist()
    for bit in range(3):
        assert sampled.edges(bit).tolist() == expected.edges(bit).tolist()
        for level in (False, True):
            for ours, theirs in zip(sampled.becoming(bit, level), expected.becoming(bit, level), strict=True):
                assert ours.tolist() == theirs.tolist()


@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.001, 0.02, 0.09, 0.2]))
def test_rare_and_frequent_transitions_over_several_blocks(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    samples = np.bitwise_xor.accumulate((rng.random(2 * BLOCK + 3) < share).astype(np.uint8))
    expected = np.flatnonzero(samples[1:] != samples[:-1]) + 1
    assert np.array_equal(Sampled(samples, 1, int(samples[0]), 0).edges(0), expected)
