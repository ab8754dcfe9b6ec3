"""Sizes, regions and images of DigitalOcean as captured in 2025 and 2026; the stock is made up."""
from catalogue import MachineType, Stock

REGIONS = {"nyc2": "New York 2", "nyc3": "New York 3", "tor1": "Toronto 1", "ams3": "Amsterdam 3", "atl1": "Atlanta 1",
           "ric1": "Richmond 1", "sfo3": "San Francisco 3"}
# slug: dollars an hour, GPUs, model, GiB of all its GPUs, vCPUs, GiB of memory, GB of disk, GiB of scratch, regions
GPU_SIZES = {
    "gpu-4000adax1-20gb": (0.76, 1, "nvidia_rtx4000_ada", 20, 8, 32, 500, 0, ["tor1", "nyc2"]),
    "gpu-6000adax1-48gb": (1.57, 1, "nvidia_rtx6000_ada", 48, 8, 64, 500, 0, ["tor1"]),
    "gpu-l40sx1-48gb": (1.57, 1, "nvidia_l40s", 48, 8, 64, 500, 0, ["tor1"]),
    "gpu-h100x1-80gb": (3.39, 1, "nvidia_h100", 80, 20, 240, 720, 5120, ["tor1", "nyc2", "ams3"]),
    "gpu-h100x8-640gb": (23.92, 8, "nvidia_h100", 640, 160, 1920, 2046, 40960, ["nyc2"]),
    "gpu-h200x1-141gb": (3.44, 1, "nvidia_h200", 141, 24, 240, 720, 5120, ["atl1"]),
    "gpu-h200x8-1128gb": (27.52, 8, "nvidia_h200", 1128, 192, 1920, 2046, 40960, []),
    "gpu-mi300x1-192gb": (1.99, 1, "amd_mi300x", 192, 20, 240, 720, 5120, ["atl1", "ric1"]),
    "gpu-mi300x8-1536gb": (15.92, 8, "amd_mi300x", 1536, 160, 1920, 2046, 40960, []),
}
# slug: dollars an hour, vCPUs, MiB of memory, GB of disk
CPU_SIZES = {
    "s-1vcpu-1gb": (0.00893, 1, 1024, 25),
    "s-1vcpu-2gb": (0.01786, 1, 2048, 50),
    "s-2vcpu-4gb": (0.03571, 2, 4096, 80),
    "s-4vcpu-8gb": (0.07143, 4, 8192, 160),
    "c-2": (0.0625, 2, 4096, 25),
    "c-4": (0.125, 4, 8192, 50),
}
# More of them than one page of 20 shows, as in the real list.
CPU_SIZES |= {f"s-{n}vcpu-{2 * n}gb-intel": (0.02 * n, n, 2048 * n, 25 * n) for n in range(1, 17)}
IMAGES = {  # slug: name, GPUs it is for: a model's beginning and a count, or none
    "gpu-h100x1-base": ("NVIDIA AI/ML Ready", "nvidia"),
    "gpu-h100x8-base": ("NVIDIA AI/ML Ready with NVLink", "nvidia"),
    "gpu-amd-base": ("AMD AI/ML Ready", "amd"),
    "ubuntu-24-04-x64": ("24.04 (LTS) x64", ""),
    "ubuntu-22-04-x64": ("22.04 (LTS) x64", ""),
    "debian-12-x64": ("12 x64", ""),
}


def size_type(slug, dollars, memory_mib, vcpus, disk, description, regions, disks, gpu=None):
    facts = {"memory": memory_mib, "vcpus": vcpus, "disk": disk, "transfer": 15.0, "description": description,
             "disk_info": [{"type": kind, "size": {"amount": amount, "unit": "gib"}} for kind, amount in disks]}
    if gpu:
        facts["gpu_info"] = gpu
    stock = {region: Stock(None if region in regions else 0) for region in REGIONS}
    return MachineType(slug, round(dollars * 1e6), stock, facts)


def digitalocean_types():
    for slug, (dollars, vcpus, memory, disk) in CPU_SIZES.items():
        yield size_type(slug, dollars, memory, vcpus, disk, "Basic", list(REGIONS), [("local", disk)])
    for slug, (dollars, count, model, vram, vcpus, memory, disk, scratch, regions) in GPU_SIZES.items():
        disks = [("local", disk)] + ([("scratch", scratch)] if scratch else [])
        gpu = {"count": count, "vram": {"amount": vram, "unit": "gib"}, "model": model}
        name = model.split("_")[1].upper()
        yield size_type(slug, dollars, memory * 1024, vcpus, disk, f"{name} GPU - {count}X", regions, disks, gpu)


def digitalocean_images():
    for number, (slug, (name, _)) in enumerate(IMAGES.items()):
        yield {
            "id": 155_133_600 + number,
            "name": name,
            "type": "base",
            "distribution": "Debian" if slug.startswith("debian") else "Ubuntu",
            "slug": slug,
            "public": True,
            "regions": list(REGIONS),
            "created_at": "2025-06-10T15:00:00Z",
            "min_disk_size": 25,
            "size_gigabytes": 18.5,
            "description": name,
            "tags": [],
            "status": "available",
            "error_message": "",
        }
