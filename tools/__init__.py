"""What the Makefile calls: the demo, the suites, the wheel checks and the counts. None of it is published."""
