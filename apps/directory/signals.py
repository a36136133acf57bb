"""What floors above have to know in the same transaction, and cannot be asked for from here."""

from django.dispatch import Signal

# `user`: they are about to lose their access, in this transaction, which whoever raises a DirectoryError ends. Their row is locked.
# What a receiver answers, {name: value} or None, is told by the event of it.
leaving = Signal()
