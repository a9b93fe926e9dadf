"""No deadlines on examples: the first one of a run compiles the kernels."""

from hypothesis import settings

settings.register_profile("graphray", deadline=None)
settings.load_profile("graphray")
