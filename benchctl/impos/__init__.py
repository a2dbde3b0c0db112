"""impOS: its versions, how they compare, and which release lines exist.

`version` is the version an imp runs; `releases` knows the release lines and the modules they run on.
"""
