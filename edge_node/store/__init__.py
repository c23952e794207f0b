"""The shard store: pieces under their CIDs, what owners may keep, and streams of signed events."""
