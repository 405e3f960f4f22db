"""What editors, templates and programs leave behind, in tables: one kind a line.

``rows`` says where a thing must stand to be one; the other modules hold the tables. Pure.
"""
