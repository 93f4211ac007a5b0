"""The demo behind `make run`: a small server, and a tour of whimbrel against it."""
