"""What runs on the host: sent over the connection, never written to a disk there.

Every module here keeps to the syntax and the standard library of Python 3.6 and to what a plain user may do.
They import each other and nothing else of ours; `follow.bootstrap` sends them in order.
"""
