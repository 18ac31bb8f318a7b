"""The journal: what launch scripts hold, read without ever running or expanding any of it in a shell."""
