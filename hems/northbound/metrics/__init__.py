"""Numbers for Prometheus: `families` makes them of a picture, `service` serves them, `dashboard.json` shows them."""
