"""Values: what is installed, what is known at one instant, what is asked for and what became of it.

Everything here is frozen and knows only arithmetic; nothing reads a clock, a socket or a file.
"""
