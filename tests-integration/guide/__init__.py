"""The founding guide: its rows, which of them have a test, and its examples as they are written."""
