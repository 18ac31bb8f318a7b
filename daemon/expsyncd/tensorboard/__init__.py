"""Keeping TensorBoard alive over a view of the mirror."""
