"""Machine types, zones, subnets and images of EC2, cut down; prices as listed in November 2026, the stock made up."""
from catalogue import MachineType, Stock

ZONES = {"us-east-1": ["us-east-1a", "us-east-1b", "us-east-1d"], "us-west-2": ["us-west-2a", "us-west-2b"]}
MANY = [zone for zones in ZONES.values() for zone in zones]
# name: micros an hour, GPUs, GPU, MiB of one, vCPUs, MiB of memory, architecture, zones that sell it
TYPES = {
    "g4dn.xlarge": (526_000, 1, "T4", 16384, 4, 16384, "x86_64", MANY),
    "g5.xlarge": (1_006_000, 1, "A10G", 22888, 4, 16384, "x86_64", MANY),
    "g5.12xlarge": (5_672_000, 4, "A10G", 22888, 48, 196608, "x86_64", MANY),
    "g5g.xlarge": (420_000, 1, "T4g", 16384, 4, 8192, "arm64", ["us-east-1a", "us-west-2a"]),
    "g6.xlarge": (804_800, 1, "L4", 22888, 4, 16384, "x86_64", MANY),
    "g6e.xlarge": (1_861_000, 1, "L40S", 45776, 4, 32768, "x86_64", ["us-east-1d"]),
    "p3.2xlarge": (3_060_000, 1, "V100", 16384, 8, 62464, "x86_64", MANY),
    "p4d.24xlarge": (21_957_642, 8, "A100", 40960, 96, 1179648, "x86_64", ["us-east-1a", "us-west-2b"]),
    "p5.4xlarge": (6_880_000, 1, "H100", 81920, 16, 262144, "x86_64", MANY),
    "p5.48xlarge": (55_040_000, 8, "H100", 81920, 192, 2097152, "x86_64", ["us-east-1a", "us-west-2a"]),
    "p6-b200.48xlarge": (None, 8, "B200", 183359, 192, 2097152, "x86_64", ["us-west-2a"]),  # no price is listed
}
SPOT_SHARE = 0.375  # of the price on demand
VPC = {"us-east-1": "vpc-0e0000000000000001", "us-west-2": "vpc-0e0000000000000002"}
PARAMETER = "/aws/service/deeplearning/ami/{}/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"


def subnet_of(zone):
    return f"subnet-0e{MANY.index(zone):016x}"


def image_of(region, arch):
    return f"ami-0e{sorted(ZONES).index(region) * 2 + (arch == 'arm64'):015x}"


def aws_images():
    """id -> facts"""
    return {image_of(region, arch): {"region": region, "architecture": arch, "gib": 60, "root": "/dev/sda1"}
            for region in ZONES for arch in ("x86_64", "arm64")}


def aws_types():
    for name, (micros, gpus, gpu, gpu_mib, vcpus, mib, arch, zones) in TYPES.items():
        facts = {"listed": micros is not None, "gpus": gpus, "gpu": gpu, "gpu_mib": gpu_mib, "vcpus": vcpus,
                 "mib": mib, "arch": arch}
        yield MachineType(name, micros or 0, {zone: Stock() for zone in zones}, facts)


def type_xml(type):
    facts = type.facts
    return {"instanceType": type.name, "currentGeneration": True,
            "processorInfo": {"supportedArchitectures": [facts["arch"]]},
            "vCpuInfo": {"defaultVCpus": facts["vcpus"]}, "memoryInfo": {"sizeInMiB": facts["mib"]},
            "gpuInfo": {"gpus": [{"name": facts["gpu"], "manufacturer": "NVIDIA", "count": facts["gpus"],
                                  "memoryInfo": {"sizeInMiB": facts["gpu_mib"]}}]}}
