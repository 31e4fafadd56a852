"""`python -m hems.plan`: started by the daemon, never by hand."""

from hems.plan.child import main

raise SystemExit(main())
