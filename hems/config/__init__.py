"""The site file: TOML to checked, frozen values.

Start at `load`; the keys and their manual are in `schema`; what comes of them is in `site_file`, which needs neither.
"""
