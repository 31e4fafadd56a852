"""hems keeps a building powered when the grid fails, and useful when it does not.

The map, from the inside out (a package may import only what stands below it here):

- `model`    values: what is installed, what is known, what is asked for; frozen, standard library only
- `ports`    what hems expects of the world outside: devices, clock, journal
- `control`  the decisions, as pure functions of values and time; start at `control/tick.py`
- `wording`  the only place that turns a cause into a sentence
- `config`   the site file: TOML to checked, frozen values
- `sim`      the building as equations, and a day of it in seconds
- `store`    SQLite: history, events, journal, the state that survives a restart
- `api`      local sockets: what a client may see and ask
- `runtime`  the asynchronous shell: poll, tick, act, record
- `report`   what happened, on one page
- `app`      the only place that builds and wires objects
- `service`  the daemon as a process: event loop, signals, the end
- `starting` what it needs of site file and profiles, read by a process that ends
- `tui`      the operator's screen, a client like any other
- `northbound` what leads out, in processes of their own: Home Assistant, metrics, messages, prices
- `cli`      the command line

Two sibling packages plug in and are never imported from here: `drivers` (protocols and device profiles)
and `hil` (a building on real sockets, to break on purpose).
"""
