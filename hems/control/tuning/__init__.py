"""Numbers that tune decisions, by what they tune; `hems.control.params` puts them together."""
