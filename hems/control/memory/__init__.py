"""What is remembered between two ticks, by subject; `hems.control.state` puts it together."""
