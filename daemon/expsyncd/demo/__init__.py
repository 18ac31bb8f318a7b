"""A built-in ssh host with a training-like process: the whole pipeline without a GPU machine."""
