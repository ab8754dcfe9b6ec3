"""Loopback addresses for instances, each given once: an address that comes back would be another test."""


class Addresses:
    FIRST, LAST = 10, 249  # of the last byte

    def __init__(self):
        self._given = 0

    def next(self):
        block, rest = divmod(self._given, self.LAST - self.FIRST + 1)
        self._given += 1
        return f"127.0.{block}.{self.FIRST + rest}"
