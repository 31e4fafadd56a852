"""The operator's screen: a client of the daemon like any other, and never needed by it.

Pictures come in by `link`, are written as rows of text in `text`, and are put on the terminal by `screens` and
`widgets`.  Only `app`, `screens` and `widgets` know Textual; `plain` says the same as lines for `hems status`.
"""
