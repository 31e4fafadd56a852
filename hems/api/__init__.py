"""The daemon's doors: three local sockets, one per role, on which clients watch the building and ask for things.

One JSON value per line.  The server greets, a client may subscribe and may ask:

    server: {"hello": {"protocol": 1, "site": "Maple Court 12", "role": "operator", "language": "de"}}
    client: {"subscribe": true}
    server: {"tick": {...}}                          a `Picture`, once a second; a slow client skips some
    server: {"event": {...}}                         an `Event`; never skipped, a client too slow for them is cut off
    client: {"id": 1, "do": "override", "args": {"circuit": "laundry", "want": "on"}}
    server: {"id": 1, "ok": {...}}  or  {"id": 1, "error": "One sentence."}

Read `messages` for the words, `server` for the daemon's side and `client` for the other one.
"""
