"""The pallets of the development chain, described once: everything a client can see of them is made of this."""

from edge_node.devnet.pallets.profile import PROFILES, NoSuchProfile, Profile, dev_profile, profile_named, sdk_profile

__all__ = ["PROFILES", "NoSuchProfile", "Profile", "dev_profile", "profile_named", "sdk_profile"]
