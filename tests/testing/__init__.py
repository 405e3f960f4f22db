"""The stand-ins are themselves held to their word."""
