"""What each platform's words mean: pure functions from its objects to member events, one module for a platform.

Whichever road an object came by (webhook, poll, gateway or import), the same fact has the same id.
"""
