"""The base of every rig file model: an unknown key is refused, with the name that was probably meant."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from benchctl.nearest import nearest


class Strict(BaseModel):
    """A mapping of a rig file with a fixed set of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, data: Any) -> Any:
        if isinstance(data, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in known:
                    raise PydanticCustomError(
                        "unknown_key",
                        "this key is not known",
                        {"key": key, "cure": nearest(str(key), known)},
                    )
        return data
