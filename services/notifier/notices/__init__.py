"""Notices to staff. They carry urgency and a link, and no name or text; nothing is ever sent to a member."""
