"""What is known: live statuses, durable facts, the rebuildable catalogue."""
