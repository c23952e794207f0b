"""The screens, one file each, and what opens on top of them."""
