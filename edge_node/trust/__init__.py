"""Who am I, who may, and what is signed by whom."""
