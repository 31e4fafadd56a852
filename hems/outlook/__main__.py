"""`python -m hems.outlook`: started by the daemon, never by hand."""

import os

from hems.outlook.child import main

os._exit(main())  # a reader that still waits for the daemon must not hold the process
