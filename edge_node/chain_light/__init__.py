"""The chain, believed only where it is proved: headers, finality, state proofs, and what metadata says of its bytes."""
