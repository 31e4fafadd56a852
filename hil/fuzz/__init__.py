"""Stories that nobody has thought out: random faults from a seed, judged by what must hold whatever happens.

`story` draws them from the `kinds` of things that go wrong, `hunt` plays them and makes those that fail as short as
they can be, `filing` writes one down as a scenario like any other.
"""
