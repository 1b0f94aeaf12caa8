"""Growth: whether what is stored makes anything dearer."""

from .sizes import growth

__all__ = ["growth"]
