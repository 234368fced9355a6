"""What Warmline's services say to each other and to the world: frozen dataclasses and the names they travel under.

A service knows the others only by this package. Forms are frozen in ``tests/golden``; they grow by added optional
fields or by a new type name, never by a changed meaning.
"""
