"""The clients, each behind the same few methods. A module's `open_client(base, authority)` makes one."""
