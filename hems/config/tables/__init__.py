"""The tables of a site file by what they describe; `hems.config.schema` puts them together."""
