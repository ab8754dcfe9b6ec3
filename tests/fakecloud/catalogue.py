"""The machine types of a cloud: price, and how many of each a region has left."""
from dataclasses import dataclass, field


@dataclass
class Stock:
    left: int | None = None  # None: as many as are asked for
    listed: bool | None = None  # None: listed while any is left; True with left=0 is a list that promises too much

    def is_listed(self):
        return self.left != 0 if self.listed is None else self.listed


@dataclass
class MachineType:
    name: str
    price_micros: int  # an hour
    stock: dict  # region -> Stock
    facts: dict = field(default_factory=dict)  # what only this cloud says of a type

    def listed_in(self):
        return [region for region, stock in self.stock.items() if stock.is_listed()]

    def take(self, region):
        stock = self.stock.get(region)
        if stock is None or stock.left == 0:
            return False
        if stock.left is not None:
            stock.left -= 1
        return True

    def give_back(self, region):
        stock = self.stock.get(region)
        if stock is not None and stock.left is not None:
            stock.left += 1
