"""Alarms that reach a person in time: what is wrong, who was told, who has it, and the all-clear."""

from newsletter.alarms.alarms import Alarms
from newsletter.alarms.cause import Cause
from newsletter.alarms.tables import Alarm, Channel, Told, open_alarms

__all__ = ["Alarm", "Alarms", "Cause", "Channel", "Told", "open_alarms"]
