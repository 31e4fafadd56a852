"""What may be expected of a story, by what the building really did and by what hems said and sent.

`case` is what a check looks at; each module has the checks of one thing, and a table of their names in story files;
`oracle` has those that hold for any story.  `hems.sim.judge` puts the tables together.
"""
