"""How a text says that it is paid for, or that a machine made it, in tables: one cue a line. Pure."""
