"""What hems expects of the world outside, as small protocols; drivers, the store and the simulator fulfil them."""
