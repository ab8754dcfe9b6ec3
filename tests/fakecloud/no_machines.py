"""Instances without a body: they have an address, and nothing listens there."""


class NoMachines:
    are_real = False

    def attach(self, world):
        pass

    def boot(self, cloud, instance):
        pass

    def end(self, instance):
        pass

    def end_all(self):
        pass
