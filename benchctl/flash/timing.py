"""How long a chip takes for what it does by itself."""

from typing import NamedTuple


class Duration(NamedTuple):
    """Typical and longest time, in seconds."""

    typical_s: float
    maximum_s: float
