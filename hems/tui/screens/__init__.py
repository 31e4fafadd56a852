"""One file per screen; each writes its body from a view and has the banner above and the keys below."""
