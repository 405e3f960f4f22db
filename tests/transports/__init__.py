"""What a transport puts on the wire, and what it makes of the answer."""
