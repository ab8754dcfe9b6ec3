"""Machine types, regions and images of Lambda, as captured late in 2025 and dearer since; the stock is made up."""
from catalogue import MachineType, Stock

REGIONS = {
    "us-east-1": "Virginia, USA",
    "us-east-3": "Washington D.C., USA",
    "us-west-1": "California, USA",
    "us-west-3": "Utah, USA",
    "us-south-1": "Texas, USA",
    "us-midwest-1": "Illinois, USA",
    "europe-central-1": "Germany",
    "europe-south-1": "Italy",
    "asia-northeast-1": "Osaka, Japan",
}
# name: cents an hour, GPUs, what a GPU is, vCPUs, GiB of memory, GiB of disk, regions with stock
TYPES = {
    "gpu_1x_gh200": (229, 1, "GH200 (96 GB)", 64, 432, 4096, ["us-east-3"]),
    "gpu_1x_h100_pcie": (329, 1, "H100 (80 GB PCIe)", 26, 200, 1024, ["us-west-3", "us-east-1"]),
    "gpu_1x_h100_sxm5": (429, 1, "H100 (80 GB SXM5)", 26, 225, 2816, ["us-south-1", "us-west-3", "europe-south-1"]),
    "gpu_2x_h100_sxm5": (838, 2, "H100 (80 GB SXM5)", 52, 450, 5632, ["us-south-1"]),
    "gpu_4x_h100_sxm5": (1636, 4, "H100 (80 GB SXM5)", 104, 900, 11264, []),
    "gpu_8x_h100_sxm5": (3192, 8, "H100 (80 GB SXM5)", 208, 1800, 22528, ["us-south-1", "us-west-1"]),
    "gpu_1x_b200_sxm6": (699, 1, "B200 (180 GB SXM6)", 26, 360, 2816, ["us-south-1"]),
    "gpu_2x_b200_sxm6": (1378, 2, "B200 (180 GB SXM6)", 52, 720, 5632, []),
    "gpu_8x_b200_sxm6": (5352, 8, "B200 (180 GB SXM6)", 208, 2900, 22528, []),
    "gpu_8x_a100_80gb_sxm4": (2232, 8, "A100 (80 GB SXM4)", 240, 1800, 20480, ["us-midwest-1"]),
    "gpu_8x_a100": (1592, 8, "A100 (40 GB SXM4)", 124, 1800, 6144, ["us-east-1", "us-west-1"]),
    "gpu_4x_a100": (796, 4, "A100 (40 GB PCIe)", 120, 800, 1024, []),
    "gpu_2x_a100": (398, 2, "A100 (40 GB PCIe)", 60, 400, 1024, []),
    "gpu_1x_a100": (199, 1, "A100 (40 GB PCIe)", 30, 200, 512, []),
    "gpu_1x_a100_sxm4": (199, 1, "A100 (40 GB SXM4)", 30, 200, 512, ["us-east-1", "asia-northeast-1"]),
    "gpu_1x_a10": (129, 1, "A10 (24 GB PCIe)", 30, 200, 1400, ["us-east-1", "us-west-1", "us-midwest-1"]),
    "gpu_1x_a6000": (109, 1, "RTX A6000 (48 GB)", 14, 100, 200, ["us-south-1", "europe-central-1"]),
    "gpu_2x_a6000": (218, 2, "RTX A6000 (48 GB)", 28, 200, 1024, []),
    "gpu_4x_a6000": (436, 4, "RTX A6000 (48 GB)", 56, 400, 1024, ["us-south-1"]),
    "gpu_1x_rtx6000": (69, 1, "RTX 6000 (24 GB)", 14, 46, 512, ["us-south-1"]),
    "gpu_8x_v100": (632, 8, "Tesla V100 (16 GB)", 92, 448, 6041, ["us-south-1"]),
    "cpu_4x_general": (20, 0, "N/A", 4, 16, 100, ["us-east-1"]),
}
# Listed with stock, and refused all the same: the list is advisory.
PROMISED = {"gpu_1x_b200_sxm6"}
FAMILIES = {  # architecture -> families, the default first
    "x86_64": ["lambda-stack-24-04", "lambda-stack-22-04", "gpu-base-24-04", "gpu-base-22-04", "ubuntu-24-04",
               "ubuntu-22-04"],
    "arm64": ["lambda-stack-24-04", "lambda-stack-22-04"],
}


def lambda_types():
    for name, (cents, gpus, gpu, vcpus, memory, disk, regions) in TYPES.items():
        stock = {region: Stock(0, True) if name in PROMISED else Stock() for region in regions}
        for region in REGIONS:
            stock.setdefault(region, Stock(0))
        facts = {
            "description": f"{gpus}x {gpu}" if gpus else f"{vcpus}x vCPUs General Purpose",
            "gpu_description": gpu,
            "specs": {"vcpus": vcpus, "memory_gib": memory, "storage_gib": disk, "gpus": gpus},
            "architecture": "arm64" if "gh200" in name else "x86_64",
        }
        yield MachineType(name, cents * 10_000, stock, facts)


def lambda_images(image_id):
    """Every family for every region; `image_id` makes an id of a text."""
    for region in REGIONS:
        for architecture, families in FAMILIES.items():
            for family in families:
                yield {
                    "id": image_id(f"{region}/{architecture}/{family}"),
                    "created_time": "2025-09-01T08:00:00Z",
                    "updated_time": "2025-10-01T08:00:00Z",
                    "name": f"{family} {architecture}",
                    "description": f"{family} for {architecture}",
                    "family": family,
                    "version": family[-5:].replace("-", ".") + ".1",
                    "architecture": architecture,
                    "region": {"name": region, "description": REGIONS[region]},
                }
