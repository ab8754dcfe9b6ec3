"""Zones, machine types, parts and their prices of Compute Engine, as of November 2026; the stock is made up."""
from catalogue import MachineType, Stock

ZONES = ("us-central1-a", "us-central1-b", "us-east4-a", "europe-west4-a")
# model: GPU, host's name in descriptions, of a vCPU and a GiB, dollars an hour; of the disks with each GPU
HOSTS = {"N1 Predefined": (0.031611, 0.004237), "G2": (0.024988, 0.002927), "A2": (0.031611, 0.004237),
         "A3": (0.02308, 0.002489)}
GPUS = {  # accelerator: (description, dollars an hour, host, dollars of its local SSD, most on one machine, zones)
    "nvidia-tesla-t4": ("Nvidia Tesla T4 GPU", 0.35, "N1 Predefined", 0, 4, ZONES),
    "nvidia-tesla-v100": ("Nvidia Tesla V100 GPU", 2.48, "N1 Predefined", 0, 8, ZONES[:1]),
    "nvidia-l4": ("Nvidia L4 GPU", 0.56004, "G2", 0, 8, ZONES),
    "nvidia-tesla-a100": ("Nvidia Tesla A100 GPU", 2.93391, "A2", 0, 16, ZONES),
    "nvidia-a100-80gb": ("Nvidia Tesla A100 80GB GPU", 3.928, "A2", 0.041, 8, ZONES[:2]),
    "nvidia-h100-80gb": ("Nvidia H100 80GB GPU", 9.7966, "A3", 0.082, 8, ZONES),
}
TYPES = {  # name: (accelerator, GPUs, vCPUs, GiB); with a "+" the GPUs are attached
    "n1-standard-4+1xnvidia-tesla-t4": ("nvidia-tesla-t4", 1, 4, 15),
    "n1-standard-8+1xnvidia-tesla-t4": ("nvidia-tesla-t4", 1, 8, 30),
    "n1-standard-16+2xnvidia-tesla-t4": ("nvidia-tesla-t4", 2, 16, 60),
    "n1-standard-8+1xnvidia-tesla-v100": ("nvidia-tesla-v100", 1, 8, 30),
    "g2-standard-4": ("nvidia-l4", 1, 4, 16),
    "g2-standard-8": ("nvidia-l4", 1, 8, 32),
    "g2-standard-24": ("nvidia-l4", 2, 24, 96),
    "a2-highgpu-1g": ("nvidia-tesla-a100", 1, 12, 85),
    "a2-highgpu-8g": ("nvidia-tesla-a100", 8, 96, 680),
    "a2-ultragpu-1g": ("nvidia-a100-80gb", 1, 12, 170),
    "a3-highgpu-1g": ("nvidia-h100-80gb", 1, 26, 234),
    "a3-highgpu-8g": ("nvidia-h100-80gb", 8, 208, 1872),
}
SPOT = 0.4  # of the price on demand
FAMILIES = {("deeplearning-platform-release", "common-cu129-ubuntu-2204-nvidia-580"): 50,
            ("deeplearning-platform-release", "common-cu128-ubuntu-2204-nvidia-570"): 50,
            ("ubuntu-os-cloud", "ubuntu-2204-lts"): 10}  # (project, family): GB


def region_of(zone):
    return zone.rpartition("-")[0]


def dollars(type, gpu_dollars, spot):
    facts = type.facts
    core, ram = HOSTS[GPUS[facts["accelerator"]][2]]
    parts = facts["vcpus"] * core + facts["gib"] * ram + facts["gpus"] * gpu_dollars
    return parts * (SPOT if spot else 1) + facts["gpus"] * GPUS[facts["accelerator"]][3]


def gcp_types():
    for name, (accelerator, gpus, vcpus, gib) in TYPES.items():
        zones = GPUS[accelerator][5]
        facts = {"accelerator": accelerator, "gpus": gpus, "vcpus": vcpus, "gib": gib, "machine": name.split("+")[0],
                 "attached": "+" in name}
        type = MachineType(name, 0, {zone: Stock() for zone in zones}, facts)
        type.price_micros = facts["usual"] = round(dollars(type, GPUS[accelerator][1], False) * 1e6)
        yield type


def gpu_dollars(accelerator, types):
    """What one costs now: whoever changed the price of a machine has changed that of its GPUs."""
    for type in types:
        if type.facts["accelerator"] == accelerator and type.price_micros != type.facts["usual"]:
            return GPUS[accelerator][1] + (type.price_micros - type.facts["usual"]) / 1e6 / type.facts["gpus"]
    return GPUS[accelerator][1]


def price_micros(type, types, spot):
    return round(dollars(type, gpu_dollars(type.facts["accelerator"], types), spot) * 1e6)


def sku(description, usage, price, regions):
    units, nanos = divmod(round(price * 1e9), 10**9)
    rate = {"startUsageAmount": 0, "unitPrice": {"currencyCode": "USD", "units": str(units), "nanos": nanos}}
    return {"name": "services/6F81-5844-456A/skus/" + description.replace(" ", "-"), "description": description,
            "category": {"serviceDisplayName": "Compute Engine", "usageType": usage},
            "serviceRegions": sorted(regions), "pricingInfo": [{"pricingExpression": {"tieredRates": [rate]}}]}


def skus(types):
    """With those among them that look alike and are something else."""
    regions = {region_of(zone) for zone in ZONES}
    for host, prices in HOSTS.items():
        for part, price in zip(("Core", "Ram"), prices):
            yield sku(f"{host} Instance {part} running in Americas", "OnDemand", price, regions)
            yield sku(f"Spot Preemptible {host} Instance {part} running in Americas", "Preemptible", price * SPOT,
                      regions)
            yield sku(f"Commitment v1: {host} {part} in Americas for 1 Year", "Commit1Yr", price * 0.63, regions)
            yield sku(f"{host} Sole Tenancy Instance {part} running in Americas", "OnDemand", price * 1.1, regions)
    for accelerator, (description, _, _, _, _, zones) in GPUS.items():
        price, where = gpu_dollars(accelerator, types), {region_of(zone) for zone in zones}
        yield sku(f"{description} running in Americas", "OnDemand", price, where)
        yield sku(f"{description} attached to Spot Preemptible VMs running in Americas", "Preemptible", price * SPOT,
                  where)
        yield sku(f"DWS Defined Duration {description} running in Americas", "OnDemand", price * 0.5, where)
