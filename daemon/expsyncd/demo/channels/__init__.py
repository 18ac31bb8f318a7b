"""What the built-in host does inside a connection: commands, files, forwards, and who may ask for them."""
