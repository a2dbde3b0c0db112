"""FTDI chips (FT232R, FT232H, FT2232H, FT4232H): what each channel can be."""
