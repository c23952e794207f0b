"""The doors that listen: one file of routes per surface, each a thin adapter from a wire to the rooms below."""
