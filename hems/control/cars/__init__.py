"""What is known of each car, beyond what its charger tells at this instant.

memory      all of it, as frozen values
charge      how full it is, when that is no longer told
waking      what is tried with a car that does not do what it is told, and when a person is called
sunny       whether it charges from surplus, with the grid and without
phases      whether its charger uses three phases or one
usual       when cars leave here and what they take, where drivers tell nothing
ledger      what every bay has taken and given, month by month
"""
