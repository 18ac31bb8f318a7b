"""The follower: growth on the host is here within milliseconds. `agent/` runs there, the rest here."""
