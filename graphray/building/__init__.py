"""From files and frames to a published store: assign, deal out, sort, write."""
