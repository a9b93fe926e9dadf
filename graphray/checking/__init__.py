"""Whether a store is what it says it is."""
