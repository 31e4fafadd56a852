"""A fake building, or a real bench, around the real daemon: real sockets, real protocols, real time.

`emulate` puts the plant of `hems.sim` on the wire; `demo` shows it to a newcomer. The emulated devices are written
from the vendors' documents, never from the profiles in `drivers/profiles`, so that a wrong register there shows here.
"""
