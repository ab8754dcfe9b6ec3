"""Where a vendor's own OpenAPI document contradicts what its API is known to do. The API holds.

The other exemption is in spec.py: a token that lacks a scope gets answers without the fields of that scope.
"""

# cloud, where in the document, the keyword that does not hold there, why
FREED = [
    ("lambda", "components/schemas/PublicRegionCode", "enum", "regions are opened faster than the document changes"),
    ("digitalocean", "components/schemas/region_slug", "enum", "it lacks every region opened for GPUs since 2024"),
]

# cloud, status, operation or *, why
ANSWERS = [
    ("lambda", 429, "*", "rate limits are described in prose only"),
    ("lambda", 404, "ssh-keys.delete", "a missing key is answered with 400 or 404"),
    ("lambda", 400, "terminate", "a body that can't be read is refused there as elsewhere"),
    ("lambda", 400, "restart", "a body that can't be read is refused there as elsewhere"),
    ("vast", 200, "instances.get", "one that has ended is null, and ports are a map there as in the list"),
    ("vast", 400, "asks.rent", "what is said of credit and of limits to spending is in no document"),
    ("vast", 483, "*", "a body that can't be read is answered so"),
]
