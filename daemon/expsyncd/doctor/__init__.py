"""Looks for what silently kills setups; changes nothing."""
