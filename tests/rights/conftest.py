from tests.recovering import recovering

__all__ = ["recovering"]
