"""The registry of partitioners: by decorator here, by entry point from other packages."""
