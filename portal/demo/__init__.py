"""The demo: a made-up nursery, its website, its CRM, its mail, and the portal between them.

Everything runs on loopback and nothing of it is part of the portal itself: no other module imports
this package, and its pages exist only while `portal demo` runs.
"""
