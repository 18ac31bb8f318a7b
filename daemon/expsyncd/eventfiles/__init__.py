"""What event files are made of: records, and the fields of their messages. For child processes."""
