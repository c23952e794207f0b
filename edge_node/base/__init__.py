"""The ground floor: errors, identifiers, time, limits, logs and the one door to threads."""
