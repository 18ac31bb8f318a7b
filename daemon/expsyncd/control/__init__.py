"""How the command line and the daemon talk: one JSON object a line over a unix socket."""
