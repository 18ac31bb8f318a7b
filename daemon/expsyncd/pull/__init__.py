"""Bringing one source up to date: plan, then passes."""
