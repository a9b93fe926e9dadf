"""How the neighbours of a row are chosen: one rule per file."""
