"""The one OpenSSH connection of a host: argv, keeping it open, saying what went wrong."""
