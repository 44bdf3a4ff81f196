"""The law and the language of the portal: pure, and without knowledge of anything else.

Nothing here reads a clock, a file, a database or the network; time comes in as an argument.
"""
