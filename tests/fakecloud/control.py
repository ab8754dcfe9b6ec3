"""The test's own door: what the books say, and orders for faults, time and the world. JSON in and out.

GET  /state                 {"t_ms", "speed", "clouds": {name: instances, keys, credentials, settings, stock}}
GET  /judgement             {name: creates deletes alive doubled keys_left micros_billed double_deleted foreign_touched
                            violations}
GET  /judgement/ACCOUNT     the same of what belongs to one account
GET  /held                  [{"id", "cloud", "operation", "nth", "fault"}]
POST /release               {"which": "all" or id, "as": "answer" or "reset"} -> {"released": how many}
POST /faults                one of a fault script, or a list; "next": n strikes the next n calls from now on, after
                            "skip" that it lets pass
POST /lift                  {"cloud", "account"?}: its faults are over
POST /advance               {"ms": n}: what was due meanwhile happens, each at its time -> {"t_ms"}
POST /prices                {"cloud", "type", "micros_per_hour"}
POST /capacity              {"cloud", "type", "left": n or null for no end, "region"?, "listed"?: promised or not}
POST /quota                 {"cloud", "instances": n}
POST /settings              {"cloud", "settings": {"list_lag_s": 60}}
POST /credentials           {"cloud", "name": "good", "state": "active", "expired", "revoked" or "inactive"}
POST /machines/ID/ACT       power_off, power_on, preempt, reclaim (preempt with the notice that the cloud gives), crash
What is asked wrongly is answered with 400 and {"error"}.
"""
from catalogue import Stock
from credential import STATES
from delivery import deliver
from exchange import Answer
from judgement import describe, judge
from listener import Connection

MACHINE_ACTS = ("power_off", "power_on", "preempt", "reclaim", "crash")


class Control:
    def __init__(self, world, gate):
        self._world, self._gate = world, gate

    def answer(self, method, path, body):
        """Throws KeyError and ValueError for what is asked wrongly."""
        parts = path.strip("/").split("/")
        if method == "POST" and len(parts) == 3 and parts[0] == "machines":
            return self._machine(parts[1], parts[2])
        if method == "GET" and len(parts) == 2 and parts[0] == "judgement":
            with self._world.lock:
                self._world.clock.run_due()
                return self._judgement(None, parts[1])
        act = {("GET", "state"): self._state, ("GET", "judgement"): self._judgement, ("GET", "held"): self._held,
               ("POST", "faults"): self._faults, ("POST", "lift"): self._lift, ("POST", "release"): self._release,
               ("POST", "advance"): self._advance, ("POST", "prices"): self._prices,
               ("POST", "capacity"): self._capacity, ("POST", "quota"): self._quota,
               ("POST", "settings"): self._settings, ("POST", "credentials"): self._credentials,
               }.get((method, "/".join(parts)))
        if act is None:
            return None
        if act == self._advance:
            return act(body)  # takes the lock by itself
        with self._world.lock:
            self._world.clock.run_due()
            return act(body)

    def _cloud(self, body):
        return self._world.clouds[body["cloud"]]

    def _state(self, _):
        now = self._world.clock.now_ms()
        clouds = {name: describe(cloud, now) for name, cloud in self._world.clouds.items()}
        return {"t_ms": now, "speed": self._world.clock.speed, "clouds": clouds}

    def _judgement(self, _, account=None):
        now = self._world.clock.now_ms()
        return {name: judge(cloud, now, account) for name, cloud in self._world.clouds.items()}

    def _held(self, _):
        return self._gate.held()

    def _faults(self, body):
        self._world.script.add(body if isinstance(body, list) else [body])
        return {}

    def _lift(self, body):
        self._world.script.lift(self._cloud(body).name, body.get("account"))
        return {}

    def _release(self, body):
        way = body.get("as", "answer")
        if way not in ("answer", "reset"):
            raise ValueError("as is answer or reset")
        return {"released": self._gate.release(body.get("which", "all"), way)}

    def _advance(self, body):
        self._world.clock.advance(int(body["ms"]))
        return {"t_ms": self._world.clock.now_ms()}

    def _prices(self, body):
        self._cloud(body).types[body["type"]].price_micros = int(body["micros_per_hour"])
        return {}

    def _capacity(self, body):
        """`region` left out: every region of the type."""
        stock = self._cloud(body).types[body["type"]].stock
        for region in [body["region"]] if "region" in body else list(stock):
            stock[region] = Stock(body.get("left"), body.get("listed"))
        return {}

    def _quota(self, body):
        self._cloud(body).settings["quota"] = int(body["instances"])
        return {}

    def _settings(self, body):
        cloud = self._cloud(body)
        for key, value in body["settings"].items():
            if key not in cloud.settings:
                raise KeyError(key)
            cloud.settings[key] = value
        return cloud.settings

    def _credentials(self, body):
        if body["state"] not in STATES:
            raise ValueError("state is one of " + ", ".join(STATES))
        self._cloud(body).credentials.named(body["name"]).state = body["state"]
        return {}

    def _machine(self, id, act):
        with self._world.lock:
            self._world.clock.run_due()
            found = self._world.find_instance(id)
            if found is None or act not in MACHINE_ACTS:
                raise KeyError(id if found is None else act)
            cloud, instance = found
            now = self._world.clock.now_ms()
            {"power_off": lambda: cloud.rentals.off(instance, now, "the control"),
             "power_on": lambda: cloud.rentals.on(instance, now),
             "preempt": lambda: cloud.preempted(instance, now),
             "reclaim": lambda: cloud.reclaim(instance, now),
             "crash": lambda: cloud.rentals.crash(instance, now)}[act]()
        return {}


def control_connection(control):
    """The handler class of the control's listener."""

    class ControlConnection(Connection):
        def exchange(self, request):
            try:
                found = control.answer(request.method, request.path, request.json() if request.body else {})
                answer = Answer(200, found) if found is not None else Answer(404, {"error": "no such order"})
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                answer = Answer(400, {"error": f"{type(error).__name__}: {error}"})
            return deliver(self.connection, answer, None)

    return ControlConnection
