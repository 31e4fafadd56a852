"""What people and programs ask, read from requests: each module reads one kind, or refuses it in one sentence.

Nothing is done here: what was read waits at the desk for the next tick, which may still refuse it.
"""
