"""How a language model talks to whoever runs it, in tables: one cue a line.

``sentences`` cuts a text, ``cues`` weighs a sentence, and the other modules hold the tables. Pure.
"""
