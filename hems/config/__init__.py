"""The site file: TOML to checked, frozen values.  Start at `load`; the keys and their manual are in `schema`."""

from hems.config.load import Settings, SiteFile, load

__all__ = ["Settings", "SiteFile", "load"]
