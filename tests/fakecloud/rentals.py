"""The instances of one cloud: made, booted, switched off, deleted, and billed meanwhile."""
from dataclasses import dataclass

from cloud_init import parse_user_data
from instance import Instance


@dataclass(frozen=True)
class Life:
    """The names that a cloud gives to the states of a machine. None: the state does not show."""

    new: str
    active: str
    off: str
    deleting: str | None = None
    deleted: str | None = None
    preempted: str | None = None


class Rentals:
    """Every method is called with the world's lock held and told the virtual time."""

    def __init__(self, cloud, life):
        self._cloud, self._life, self._world = cloud, life, cloud.world
        self.all = []
        self.foreign_touched = []

    def __iter__(self):
        return iter(self.all)

    def _write(self, instance, what, t_ms, **more):
        self._world.history.write(self._cloud.name, what, t_ms, **instance.brief(), **more)

    def _later(self, instance, t_ms, act):
        event = self._world.clock.at(t_ms, act)
        instance.events.append(event)
        return event

    def add(self, instance: Instance, t_ms):
        """A machine begins: its price is agreed, it boots, and it is billed from when this vendor bills."""
        settings = self._cloud.settings
        instance.address, instance.port = self._world.addresses.next(), self._cloud.next_port()
        instance.get_from_ms = t_ms + int(settings["get_lag_s"] * 1000)
        instance.list_from_ms = t_ms + int(settings["list_lag_s"] * 1000)
        active_ms = t_ms + int(settings["boot_s"] * 1000)
        instance.address_from_ms = active_ms + int(settings["address_s"] * 1000)
        instance.set_state(t_ms, self._life.new)
        self.all.append(instance)
        self._write(instance, "created", t_ms, type=instance.type.name, region=instance.region)
        if self._cloud.bills_from == "created":
            self._start_meter(instance, t_ms)
        instance.cloud_init = parse_user_data(instance.user_data)
        for ignored in instance.cloud_init.ignored:
            self._write(instance, "cloud-init-ignored", t_ms, key=ignored)
        self._later(instance, active_ms, lambda t: self._active(instance, t))
        self._later(instance, active_ms + int(settings["ssh_s"] * 1000), lambda t: self._boot(instance, t))

    def add_foreign(self, instance, t_ms):
        """One that someone else rented before the test: it is up, and nobody's business."""
        instance.foreign, instance.address = True, self._world.addresses.next()
        instance.address_from_ms = t_ms
        instance.set_state(t_ms, self._life.active)
        self.all.append(instance)
        self._start_meter(instance, t_ms)

    def _start_meter(self, instance, t_ms):
        if instance.billed_from_ms is None:
            instance.billed_from_ms = t_ms
            self._write(instance, "meter-started", t_ms)

    def _stop_meter(self, instance, t_ms):
        if instance.billed_from_ms is not None:
            micros = self._cloud.meter.micros(instance.price_micros, instance.billed_from_ms, t_ms)
            instance.billed_micros += micros
            instance.billed_from_ms = None
            self._write(instance, "meter-stopped", t_ms, micros=micros)

    def _active(self, instance, t_ms):
        instance.set_state(t_ms, self._life.active)
        self._write(instance, "booted", t_ms, address=instance.address)
        self._start_meter(instance, t_ms)

    def _boot(self, instance, t_ms):
        self._world.machines.boot(self._cloud, instance)
        if not self._world.machines.are_real:
            for minutes in instance.cloud_init.shutdowns():
                self.schedule_off(instance, t_ms, minutes)

    def ready(self, instance, t_ms):
        if instance.ended_ms is None:
            self._write(instance, "ready", t_ms, address=instance.address)

    def schedule_off(self, instance, t_ms, minutes):
        self.cancel_off(instance, t_ms)
        self._write(instance, "shutdown-scheduled", t_ms, minutes=minutes)
        instance.shutdown = self._later(instance, t_ms + minutes * 60_000,
                                        lambda t: self._cloud.powered_off(instance, t, "its shutdown timer"))

    def cancel_off(self, instance, t_ms):
        if instance.shutdown is not None and not instance.shutdown.cancelled:
            instance.shutdown.cancel()
            self._write(instance, "shutdown-cancelled", t_ms)
        instance.shutdown = None

    def off(self, instance, t_ms, why):
        """The machine is off; with most vendors the meter goes on."""
        if instance.ended_ms is not None or instance.state_at(t_ms) == self._life.off:
            return
        instance.shutdown = None
        instance.set_state(t_ms, self._life.off)
        self._write(instance, "off", t_ms, why=why)
        if not self._cloud.bills_off:
            self._stop_meter(instance, t_ms)
        self._world.machines.end(instance)

    def on(self, instance, t_ms):
        if instance.ended_ms is not None:
            return
        if instance.state_at(t_ms) != self._life.active:
            instance.set_state(t_ms, self._life.active)
            self._write(instance, "on", t_ms)
            self._start_meter(instance, t_ms)
        self._world.machines.end(instance)
        instance.port = self._cloud.next_port()
        self._later(instance, t_ms + int(self._cloud.settings["ssh_s"] * 1000), lambda t: self._boot(instance, t))

    def crash(self, instance, t_ms):
        """The machine is dead, and the cloud has not noticed."""
        self._write(instance, "crashed", t_ms)
        self._world.machines.end(instance)

    def _end(self, instance, t_ms):
        for event in instance.events:
            event.cancel()
        instance.events.clear()
        instance.ended_ms = t_ms
        self._stop_meter(instance, t_ms)
        instance.type.give_back(instance.region)
        self._world.machines.end(instance)

    def delete(self, instance, t_ms):
        instance.delete_requests += 1
        again = instance.deleted_ms is not None
        self._write(instance, "delete-requested", t_ms, again=again)
        if again:
            return
        instance.deleted_ms = t_ms
        if instance.foreign:
            self.foreign_touched.append(instance.id)
        if self._life.deleting:
            instance.set_state(t_ms, self._life.deleting)
        if instance.ended_ms is None:
            self._end(instance, t_ms)
        settings = self._cloud.settings
        deleted_ms = t_ms + int(settings["delete_s"] * 1000)
        if self._life.deleted:
            instance.set_state(deleted_ms, self._life.deleted)
        instance.gone_ms = deleted_ms + int(settings["gone_lag_s"] * 1000)
        self._world.clock.at(instance.gone_ms, lambda t: self._write(instance, "gone", t))

    def preempt(self, instance, t_ms):
        """The cloud takes it back, and bills it no more."""
        if instance.ended_ms is not None:
            return
        self._write(instance, "preempted", t_ms)
        self._end(instance, t_ms)
        if self._life.preempted:
            instance.set_state(t_ms, self._life.preempted)
            return
        instance.gone_ms = t_ms
        self._write(instance, "gone", t_ms)

    def billed(self, instance, t_ms):
        running = self._cloud.meter.micros(instance.price_micros, instance.billed_from_ms, t_ms)
        return instance.billed_micros + running

    def open_of(self, account, t_ms):
        return [one for one in self.all if one.account == account and one.bills_at(t_ms)]
