"""What became of the money, told from the cloud's books alone."""


def doubled(rentals):
    """The names that two machines bore at one instant, while both had to be paid for or soon would be."""
    found = set()
    by_name = {}
    for one in rentals:
        if not one.foreign and one.name:
            by_name.setdefault((one.account, one.name), []).append(one)
    for (_, name), alike in by_name.items():
        alike.sort(key=lambda one: one.created_ms)
        for i, one in enumerate(alike):
            if any(later.created_ms < (one.ended_ms or float("inf")) for later in alike[i + 1 :]):
                found.add(name)
    return sorted(found)


def judge(cloud, t_ms, account=None):
    """Of one account, or of all; what is foreign and what broke the documents is told of all in any case."""
    def is_meant(one):
        return account in (None, one.account)

    ours = [one for one in cloud.rentals if not one.foreign and is_meant(one)]
    return {
        "creates": len(ours),
        "deletes": sum(one.delete_requests for one in cloud.rentals if is_meant(one)),
        "alive": [one.brief() for one in ours if one.bills_at(t_ms)],
        "doubled": doubled(ours),
        "keys_left": [{"id": key.id, "name": key.name} for key in cloud.keys if not key.foreign and is_meant(key)],
        "micros_billed": sum(cloud.rentals.billed(one, t_ms) for one in ours),
        "double_deleted": [one.id for one in cloud.rentals if is_meant(one)
                           for _ in range(one.delete_requests - 1)],
        "foreign_touched": cloud.rentals.foreign_touched,
        "violations": cloud.violations,
    }


def describe(cloud, t_ms):
    """Everything of a cloud as it is, for GET /state."""
    return {
        "instances": [
            one.brief() | {
                "state": one.state_at(t_ms),
                "address": one.address,
                "region": one.region,
                "type": one.type.name,
                "account": one.account,
                "foreign": one.foreign,
                "alive": one.bills_at(t_ms),
                "shown": t_ms < one.gone_ms,
                "created_ms": one.created_ms,
                "ended_ms": one.ended_ms,
                "micros_billed": cloud.rentals.billed(one, t_ms),
                "keys": [key.name for key in one.keys],
            }
            for one in cloud.rentals
        ],
        "keys": [{"id": key.id, "name": key.name, "account": key.account, "foreign": key.foreign}
                 for key in cloud.keys],
        "credentials": [{"name": one.name, "state": one.state, "account": one.account} for one in cloud.credentials],
        "settings": cloud.settings,
        "stock": {type.name: {region: stock.left for region, stock in type.stock.items()}
                  for type in cloud.types.values()},
    }
