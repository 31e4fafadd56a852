"""Proving that a building is wired as its site file says: every sign, phase and relay, step by step.

`steps` says what there is to prove, `measure` compares before with after, `engine` walks through it.  The engine talks
to a person and to the daemon through two small interfaces, so that the command line and a screen can share it.
"""
