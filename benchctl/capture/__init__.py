"""Captures: waveforms, their files, protocol decoders and timing."""
