"""Reading the data files that are part of the package."""

from importlib.resources import files
from typing import Any

import yaml

FastLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader where PyYAML was built with it: ten times as fast."""


def load_data(package: str, name: str) -> Any:
    """The content of a YAML file that lies in a package."""
    return yaml.load(files(package).joinpath(name).read_text(encoding="utf-8"), Loader=FastLoader)
