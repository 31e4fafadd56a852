"""The asynchronous shell around the pure core: readings in, a tick decides, commands out, everything recorded.

Start at `loop`.  `board` holds the latest reading of every role and runs the reflex, `act` sends commands in the
order that safety asks for, `desk` serves clients, `stop` ends in good order.
"""
