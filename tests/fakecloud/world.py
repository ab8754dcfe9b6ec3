"""What all clouds of one run share."""
import threading
from dataclasses import dataclass, field

from address import Addresses


@dataclass
class World:
    lock: threading.RLock
    clock: object
    history: object
    machines: object
    script: object = None
    addresses: Addresses = field(default_factory=Addresses)
    clouds: dict = field(default_factory=dict)
    urls: dict = field(default_factory=dict)  # of the clouds and the control, where they listen

    def find_instance(self, id):
        """(cloud, instance), of whichever cloud has it, or None."""
        for cloud in self.clouds.values():
            for instance in cloud.rentals:
                if str(instance.id) == str(id):
                    return cloud, instance
        return None
