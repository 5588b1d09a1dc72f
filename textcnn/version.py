"""The version, which nobody has to import the package's face for."""

__all__ = ["__version__"]

__version__ = "0.1.0"
