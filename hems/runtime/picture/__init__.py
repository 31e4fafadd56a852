"""What clients are shown, painted from the scene that a tick leaves; `building.paint` paints all of it."""
