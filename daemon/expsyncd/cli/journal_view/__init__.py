"""What `expsyncd journal` shows, and how it finds it."""
