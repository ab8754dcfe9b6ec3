"""Vast's market: hosts and what they ask, as sampled in 2026; which of them there are is made up.

Each account is shown hosts of its own, so that one account takes nothing from another. An ask is one slice, taken once:
while the host has another slice, that is asked for under a new number.
"""
import re

from catalogue import MachineType, Stock

FIRST_ASK = 12_340_000
STORAGE_PER_GB_MONTH = 0.15
HOURS_OF_MONTH = 720
PLACES = {"US": "Texas, US", "NL": "Amsterdam, NL", "JP": "JP"}
# name: $/h of its GPUs, what a GPU is, GPUs, MB of a GPU, vCPUs of the slice, countries
HOSTS = {
    "1x_H100_SXM": (1.87, "H100 SXM", 1, 81559, 24.0, ["US", "NL"]),
    "1x_H100_NVL": (2.08, "H100 NVL", 1, 95830, 24.0, ["US"]),
    "2x_H100_SXM": (3.73, "H100 SXM", 2, 81559, 48.0, ["US"]),
    "8x_H100_SXM": (16.0, "H100 SXM", 8, 81559, 192.0, ["NL"]),
    "1x_H200": (2.65, "H200", 1, 143771, 24.0, ["US"]),
    "2x_B200": (9.41, "B200", 2, 183359, 48.0, ["US"]),
    "1x_A100_SXM4": (0.76, "A100 SXM4", 1, 40960, 16.0, ["JP"]),
    "1x_A100_PCIE": (0.87, "A100 PCIE", 1, 81920, 16.0, ["US"]),
    "1x_L40S": (0.60, "L40S", 1, 46068, 12.0, ["US"]),
    "1x_RTX_5090": (0.48, "RTX 5090", 1, 32607, 12.0, ["NL", "JP"]),
    "1x_RTX_4090": (0.40, "RTX 4090", 1, 24564, 8.5, ["US"]),
    "1x_RTX_6000Ada": (0.37, "RTX 6000Ada", 1, 49140, 8.0, ["US"]),
    "2x_RTX_3090": (0.33, "RTX 3090", 2, 24576, 16.0, ["US"]),
    # Cheaper than all others, and each with something the matter.
    "1x_H100_SXM_shaky": (0.9, "H100 SXM", 1, 81559, 24.0, ["US"]),
    "1x_H100_SXM_unverified": (0.9, "H100 SXM", 1, 81559, 24.0, ["US"]),
    "1x_H100_SXM_no_ports": (0.9, "H100 SXM", 1, 81559, 24.0, ["US"]),
    "1x_H100_SXM_silent": (0.9, "H100 SXM", 1, 81559, None, ["US"]),
    # Where traffic costs more than the GPU.
    "1x_RTX_4090_dear_traffic": (0.20, "RTX 4090", 1, 24564, 8.0, ["JP"]),
}
ODD = {"shaky": {"reliability2": 0.71}, "unverified": {"verification": "unverified"},
       "no_ports": {"direct_port_count": 0}, "silent": {"cpu_cores": None, "cpu_cores_effective": None},
       "dear_traffic": {"inet_up_cost": 0.05, "inet_down_cost": 0.05}}


def vast_types():
    for number, (name, (price, gpu, count, memory, vcpus, countries)) in enumerate(HOSTS.items()):
        facts = {
            "machine_id": 4800 + number, "host_id": 70 + number, "num_gpus": count, "gpu_name": gpu, "gpu_ram": memory,
            "gpu_total_ram": memory * count, "gpu_frac": 0.125 * count, "cpu_arch": "amd64", "cpu_cores": 192,
            "cpu_cores_effective": vcpus, "cpu_ram": 2_064_000, "disk_space": 900.0,
            "storage_cost": STORAGE_PER_GB_MONTH, "inet_up": 900.0, "inet_down": 1200.0, "inet_up_cost": 0.002,
            "inet_down_cost": 0.002, "direct_port_count": 200, "static_ip": True, "cuda_max_good": 12.8,
            "compute_cap": 900, "driver_version": "570.86.10", "reliability2": 0.995, "verification": "verified",
            "is_bid": False, "duration": 2_500_000.0,
        }
        for word, more in ODD.items():
            if name.endswith("_" + word):
                facts |= more
        yield MachineType(name, int(price * 1_000_000), {country: Stock() for country in countries}, facts)


class Market:
    def __init__(self, cloud):
        self._cloud, self._next = cloud, FIRST_ASK
        self._asks = {}  # (account, type, country) -> number

    def _number(self, account, type, country):
        key = account, type.name, country
        if key not in self._asks:
            self._next += 7
            self._asks[key] = self._next
        return self._asks[key]

    def price_micros(self, type, disk_gb):
        """An hour of the whole slice with so much of its disk."""
        return type.price_micros + int(disk_gb * STORAGE_PER_GB_MONTH / HOURS_OF_MONTH * 1_000_000)

    def asks(self, account, disk_gb, t_ms):
        for type in self._cloud.types.values():
            for country in type.listed_in():
                number = self._number(account, type, country)
                price = self.price_micros(type, disk_gb) / 1e6
                yield {"id": number, "ask_contract_id": number, **type.facts, "dph_base": type.price_micros / 1e6,
                       "dph_total": price, "min_bid": price / 2, "rentable": True, "rented": False,
                       "geolocation": PLACES[country], "end_date": t_ms / 1000 + self._cloud.settings["asked_s"]}

    def take(self, account, number):
        """(type, country), or None where no such ask is (any more)."""
        for (whose, name, country), known in self._asks.items():
            if (whose, known) == (account, number):
                type = self._cloud.types[name]
                del self._asks[whose, name, country]
                return (type, country) if type.take(country) else None
        return None


HOW = {
    "eq": lambda field, value: field == value,
    "neq": lambda field, value: field != value,
    "gt": lambda field, value: field > value,
    "gte": lambda field, value: field >= value,
    "lt": lambda field, value: field < value,
    "lte": lambda field, value: field <= value,
    "in": lambda field, value: field in value,
    "notin": lambda field, value: field not in value,
}
# What a search may say that is no filter of an ask's own field.
WORDS = {"type", "limit", "order", "allocated_storage", "verified", "geolocation", "id", "external", "datacenter"}


def holds(ask, field, filter):
    """Throws ValueError for what is no filter."""
    if not isinstance(filter, dict) or set(filter) - set(HOW):
        raise ValueError(field)
    if field == "id":
        return False  # known of the vendor: an ask is found by ask_contract_id only
    if field in ("external", "datacenter"):
        return True
    if field == "verified":
        return (ask["verification"] == "verified") == filter.get("eq", True)
    value = re.split(r",\s*", ask["geolocation"])[-1] if field == "geolocation" else ask.get(field)
    try:
        return all(HOW[how](value, wanted) for how, wanted in filter.items())
    except TypeError:
        return False


def found(asks, body, ignored):
    """What a search finds; throws ValueError naming what it does not understand. `ignored`: filters left unheeded."""
    filters = {field: value for field, value in body.items()
               if field not in WORDS or field in ("verified", "geolocation", "id", "external", "datacenter")}
    shown = [ask for ask in asks
             if all(holds(ask, field, filter) or field in ignored for field, filter in filters.items())]
    for field, way in reversed(body.get("order", [])):
        shown.sort(key=lambda ask: ask.get(field) or 0, reverse=way == "desc")
    return shown
