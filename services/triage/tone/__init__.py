"""Reading tone: what a text may say of how its writer fares, for a person to look at. Nothing here is a judgement.

Word lists with spans, a small model, and the gates between them: ``reading.read`` is the way in.
"""
