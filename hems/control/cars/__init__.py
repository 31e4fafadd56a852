"""What is known of each car, beyond what its charger tells at this instant.

memory      all of it, as frozen values
charge      how full it is, when that is no longer told
waking      what is tried with a car that does not do what it is told, and when a person is called
ledger      what every bay has taken and given, month by month
"""
