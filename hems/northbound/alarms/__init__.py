"""Messages to people.

`news` finds what is new in a picture, `rules` says who is told and when, `outbox` keeps what could not be sent yet,
`channels` sends, and `service` runs one sender for each way, so that a mail server that hangs delays nobody else.
"""
