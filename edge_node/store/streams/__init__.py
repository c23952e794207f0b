"""Events at rest: signed bodies taken in once, kept verbatim, read by offset with their proofs."""
