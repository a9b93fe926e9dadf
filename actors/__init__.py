"""The processes of a running graph. The only package that creates actors and placement groups."""

from actors.factory import create_catalog

__all__ = ["create_catalog"]
