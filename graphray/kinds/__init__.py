"""Five kinds of graph on one storage: what each is made of, and what is asked of it."""
