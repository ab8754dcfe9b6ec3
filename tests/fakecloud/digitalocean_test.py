"""DigitalOcean's dialect, rule by rule."""
import pathlib
import tempfile
import unittest

from running_cloud import CloudTest, make_key


class DigitalOceanTest(CloudTest):
    words = ("--cloud", "digitalocean")

    def call(self, method, path, body=None, **more):
        return self.cloud.call("digitalocean", method, "/v2" + path, body, **more)

    def lacking(self, scope):
        return self.cloud.secrets["digitalocean"]["without"][scope]

    def add_key(self, name="k"):
        with tempfile.TemporaryDirectory() as folder:
            public = make_key(pathlib.Path(folder) / "key")
        return self.call("POST", "/account/keys", {"name": name, "public_key": public}).json["ssh_key"]

    def create(self, secret=None, **more):
        body = {"name": "one", "size": "gpu-h100x1-80gb", "image": "gpu-h100x1-base", "region": "tor1", **more}
        return self.call("POST", "/droplets", body, **({"secret": secret} if secret else {}))

    def rent(self, **more):
        reply = self.create(**more)
        self.assertEqual(reply.status, 202, reply.bytes)
        return reply.json["droplet"]["id"]

    def ids(self, query=""):
        return [one["id"] for one in self.call("GET", "/droplets" + query).json["droplets"]]

    def said(self, reply):
        return reply.status, reply.json["message"]


class Admission(DigitalOceanTest):
    def test_tokens(self):
        secrets = self.cloud.secrets["digitalocean"]
        for secret in (None, "nonsense", secrets["expired"], secrets["revoked"]):
            reply = self.call("GET", "/account", secret=secret)
            self.assertEqual((reply.status, reply.json["id"]), (401, "unauthorized"))
        self.assertEqual(self.call("GET", "/account").json["account"]["droplet_limit"], 25)

    def test_each_operation_wants_its_scope(self):
        for scope, method, path in [
            ("account:read", "GET", "/account"),
            ("ssh_key:read", "GET", "/account/keys"),
            ("ssh_key:delete", "DELETE", "/account/keys/1"),
            ("sizes:read", "GET", "/sizes"),
            ("regions:read", "GET", "/sizes"),
            ("image:read", "GET", "/images"),
            ("droplet:read", "GET", "/droplets"),
            ("droplet:delete", "DELETE", "/droplets/1"),
            ("tag:read", "GET", "/droplets?tag_name=x"),
            ("billing:read", "GET", "/customers/my/balance"),
            ("actions:read", "GET", "/actions/1"),
        ]:
            reply = self.call(method, path, secret=self.lacking(scope))
            self.assertEqual((reply.status, reply.json["id"]), (403, "forbidden"), scope)

    def test_a_create_wants_the_scopes_of_what_it_names(self):
        self.assertEqual(self.create(secret=self.lacking("droplet:create")).status, 403)
        self.assertEqual(self.create(secret=self.lacking("tag:create"), tags=["x"]).status, 403)
        self.assertEqual(self.create(secret=self.lacking("tag:create")).status, 202)

    def test_fields_are_hidden_not_refused(self):
        account = self.call("GET", "/account", secret=self.lacking("droplet:read")).json["account"]
        self.assertNotIn("droplet_limit", account)
        self.rent(tags=["x"])
        self.cloud.advance(20)
        for scope, field in (("tag:read", "tags"), ("image:read", "image")):
            droplet = self.call("GET", "/droplets?type=gpus", secret=self.lacking(scope)).json["droplets"][0]
            self.assertNotIn(field, droplet)


class Limits(DigitalOceanTest):
    def test_250_a_minute_with_headers_and_retry_after(self):
        connection = self.cloud.connect("digitalocean")
        fields = {"Authorization": "Bearer " + self.cloud.secrets["digitalocean"]["good"]}
        for left in range(4999, 4749, -1):
            connection.request("GET", "/v2/regions?per_page=1", headers=fields)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual((answer.status, answer.headers["ratelimit-remaining"]), (200, str(left)))
        connection.close()
        refused = self.call("GET", "/account")
        self.assertEqual((refused.status, refused.json["id"]), (429, "too_many_requests"))
        self.assertEqual(refused.headers["ratelimit-limit"], "5000")
        self.cloud.advance(int(refused.headers["retry-after"]))
        self.assertEqual(self.call("GET", "/account").status, 200)

    def test_ten_key_lists_a_minute(self):
        for _ in range(10):
            self.assertEqual(self.call("GET", "/account/keys").status, 200)
        self.assertEqual(self.call("GET", "/account/keys").status, 429)
        self.assertEqual(self.call("GET", "/account").status, 200)


class HourlyLimit(DigitalOceanTest):
    seed = {"digitalocean": {"settings": {"per_hour": 2}}}

    def test_no_retry_after_but_a_reset(self):
        self.call("GET", "/account")
        self.call("GET", "/account")
        refused = self.call("GET", "/account")
        self.assertEqual(refused.status, 429)
        self.assertNotIn("retry-after", refused.headers)
        reset_s = int(refused.headers["ratelimit-reset"])
        self.assertAlmostEqual(reset_s, self.cloud.order("/state")["t_ms"] / 1000 + 3600, delta=10)


class Offers(DigitalOceanTest):
    def test_pages_lead_to_each_other(self):
        path, slugs = "/sizes?per_page=7", []
        while path:
            page = self.call("GET", path).json
            slugs += [size["slug"] for size in page["sizes"]]
            following = page["links"].get("pages", {}).get("next")
            path = following and following.split("/v2")[1]
        self.assertEqual(len(slugs), page["meta"]["total"])
        self.assertEqual(len(set(slugs)), len(slugs))
        self.assertGreater(len(slugs), 20)
        self.assertNotIn("last", page["links"]["pages"])

    def test_links_name_the_host_that_was_asked(self):
        page = self.call("GET", "/sizes", headers={"Host": "api.digitalocean.com"}).json
        self.assertTrue(page["links"]["pages"]["next"].startswith("https://api.digitalocean.com/v2/sizes?"))

    def test_sizes_say_gpus_stock_and_the_memory_of_all_gpus_together(self):
        sizes = {size["slug"]: size for size in self.call("GET", "/sizes?per_page=200").json["sizes"]}
        eight = sizes["gpu-h100x8-640gb"]
        self.assertEqual((eight["gpu_info"]["count"], eight["gpu_info"]["vram"]["amount"]), (8, 640))
        self.assertEqual(eight["memory"], 1920 * 1024)
        self.assertEqual(sizes["gpu-h200x8-1128gb"]["regions"], [])
        self.assertNotIn("gpu_info", sizes["s-1vcpu-1gb"])

    def test_regions_images_balance(self):
        self.assertIn("tor1", [one["slug"] for one in self.call("GET", "/regions").json["regions"]])
        image = self.call("GET", "/images/gpu-h100x1-base").json["image"]
        self.assertEqual(self.call("GET", f"/images/{image['id']}").json["image"], image)
        self.assertEqual(self.call("GET", "/images?private=true").json["images"], [])
        self.assertEqual(self.call("GET", "/customers/my/balance").json["month_to_date_usage"], "0.00")


class Keys(DigitalOceanTest):
    def test_a_young_key_is_in_no_list_and_no_droplet_takes_it(self):
        key = self.add_key()
        self.assertEqual(self.call("GET", f"/account/keys/{key['fingerprint']}").json["ssh_key"], key)
        self.assertEqual(self.call("GET", "/account/keys").json["ssh_keys"], [])
        status, message = self.said(self.create(ssh_keys=[key["fingerprint"]]))
        self.assertEqual((status, "invalid key identifiers" in message), (422, True))
        self.cloud.advance(20)
        self.assertEqual(self.call("GET", "/account/keys").json["ssh_keys"], [key])
        self.assertEqual(self.create(ssh_keys=[key["fingerprint"]]).status, 202)
        self.assertEqual(self.create(ssh_keys=[key["id"]]).status, 202)

    def test_a_double_is_refused_once_the_first_is_seen(self):
        key = self.add_key()
        body = {"name": "x", "public_key": key["public_key"]}
        self.cloud.advance(20)
        self.assertEqual(self.said(self.call("POST", "/account/keys", body)),
                         (422, "SSH Key is already in use on your account"))

    def test_rename_and_delete(self):
        key = self.add_key()
        renamed = self.call("PUT", f"/account/keys/{key['id']}", {"name": "y"}).json["ssh_key"]
        self.assertEqual(renamed["name"], "y")
        self.assertEqual(self.call("DELETE", f"/account/keys/{key['id']}").status, 204)
        self.assertEqual(self.call("GET", f"/account/keys/{key['id']}").status, 404)


class Create(DigitalOceanTest):
    violations_expected = True  # what is asked for here is wrong on purpose

    def test_what_is_refused_and_how(self):
        for more, text in [
            ({"name": "under_score"}, "valid hostname characters"),
            ({"size": "gpu-none"}, "invalid size"),
            ({"image": "none"}, "invalid image"),
            ({"region": "mars1"}, "invalid region"),
            ({"region": "sfo3"}, "Size is not available in this region"),
            ({"size": "gpu-h200x8-1128gb"}, "Size is unavailable"),
            ({"tags": ["a b"]}, "Tags may only"),
            ({"user_data": "x" * 65537}, "64 KiB"),
            ({"ssh_keys": [1]}, "1 are invalid key identifiers for Droplet creation."),
        ]:
            status, message = self.said(self.create(**more))
            self.assertEqual(status, 422, more)
            self.assertIn(text, message)
        self.assertEqual(self.call("POST", "/droplets", b"{").json["id"], "bad_request")
        self.assertEqual(self.cloud.judgement("digitalocean")["creates"], 0)

    def test_no_capacity_names_other_regions(self):
        answer = self.create(region="sfo3").json
        self.assertIn("tor1", answer["error_attributes"]["available_regions"])

    def test_quota_and_restriction(self):
        self.cloud.order("/quota", {"cloud": "digitalocean", "instances": 1})
        self.rent()
        self.assertIn("will exceed your droplet limit", self.said(self.create())[1])
        self.cloud.order("/settings", {"cloud": "digitalocean", "settings": {"restricted": True}})
        self.assertIn("currently restricted", self.said(self.create())[1])

    def test_several_names_make_several(self):
        body = {"names": ["a", "b"], "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
        reply = self.call("POST", "/droplets", body)
        self.assertEqual([one["name"] for one in reply.json["droplets"]], ["a", "b"])


class Life(DigitalOceanTest):
    def test_from_new_to_gone(self):
        reply = self.create(tags=["agt"])
        droplet, action = reply.json["droplet"], reply.json["links"]["actions"][0]
        self.assertEqual((reply.status, droplet["status"], droplet["locked"]), (202, "new", True))
        self.assertEqual(droplet["networks"]["v4"], [])
        path = f"/droplets/{droplet['id']}"
        self.assertEqual(self.call("GET", path).status, 404)
        self.cloud.advance(6)
        self.assertEqual(self.call("GET", path).json["droplet"]["status"], "new")
        self.assertEqual(self.call("GET", f"{path}/actions/{action['id']}").json["action"]["status"], "in-progress")
        self.assertEqual(self.said(self.call("DELETE", path)), (422, "Droplet already has a pending event."))
        self.cloud.advance(14.5)
        active = self.call("GET", path).json["droplet"]
        self.assertEqual((active["status"], active["locked"], active["networks"]["v4"]), ("active", False, []))
        self.assertEqual(self.call("GET", f"/actions/{action['id']}").json["action"]["status"], "completed")
        self.cloud.advance(2)
        networks = self.call("GET", path).json["droplet"]["networks"]["v4"]
        self.assertEqual([(one["type"], one["gateway"]) for one in networks],
                         [("private", "nil"), ("public", "127.0.0.1")])
        self.assertEqual(networks[1]["ip_address"], "127.0.0.10")
        self.assertEqual(self.call("DELETE", path).status, 204)
        self.assertEqual(self.call("DELETE", path).status, 422)
        self.cloud.advance(5)
        self.assertEqual(self.call("GET", path).status, 404)
        self.assertEqual(self.call("DELETE", path).status, 404)
        self.assertEqual([one["name"] for one in self.call("GET", "/tags").json["tags"]], ["agt"])

    def test_lists_hide_gpus_and_lag(self):
        gpu = self.rent(tags=["agt"], name="gpu")
        cpu = self.rent(tags=["agt"], name="cpu", size="s-1vcpu-1gb", image="debian-12-x64")
        self.assertEqual(self.ids("?type=gpus"), [])
        self.cloud.advance(15)
        self.assertEqual(self.ids(), [cpu])
        self.assertEqual(self.ids("?type=gpus"), [gpu])
        self.assertEqual(self.ids("?tag_name=agt"), [gpu, cpu])
        self.assertEqual(self.ids("?type=gpus&name=GPU"), [gpu])
        self.assertEqual(self.ids("?type=gpus&name=other"), [])
        for query in ("?tag_name=agt&type=gpus", "?tag_name=agt&name=gpu"):
            self.assertEqual(self.call("GET", "/droplets" + query).status, 422)

    def test_a_delete_may_be_allowed_while_busy(self):
        self.cloud.order("/settings", {"cloud": "digitalocean", "settings": {"busy_refuses_delete": False}})
        id = self.rent()
        self.assertEqual(self.call("DELETE", f"/droplets/{id}").status, 404)  # not visible yet
        self.cloud.advance(6)
        self.assertEqual(self.call("DELETE", f"/droplets/{id}").status, 204)

    def test_off_and_on(self):
        id = self.rent()
        self.cloud.advance(30)
        reply = self.call("POST", f"/droplets/{id}/actions", {"type": "power_off"})
        self.assertEqual((reply.status, reply.json["action"]["type"]), (201, "power_off"))
        self.assertEqual(self.call("POST", f"/droplets/{id}/actions", {"type": "power_on"}).status, 422)
        self.cloud.advance(5)
        self.assertEqual(self.call("GET", f"/droplets/{id}").json["droplet"]["status"], "off")
        self.call("POST", f"/droplets/{id}/actions", {"type": "power_on"})
        self.assertEqual(self.call("GET", f"/droplets/{id}").json["droplet"]["status"], "active")
        kinds = [one["type"] for one in self.call("GET", f"/droplets/{id}/actions").json["actions"]]
        self.assertEqual(kinds, ["create", "power_off", "power_on"])

    def test_by_tag(self):
        first, second, other = self.rent(tags=["a"]), self.rent(tags=["a"]), self.rent(tags=["b"])
        self.cloud.advance(30)
        reply = self.call("POST", "/droplets/actions?tag_name=a", {"type": "shutdown"})
        self.assertEqual([one["resource_id"] for one in reply.json["actions"]], [first, second])
        self.cloud.advance(5)
        self.assertEqual(self.call("DELETE", "/droplets?tag_name=a").status, 204)
        self.cloud.advance(5)
        self.assertEqual(self.ids("?type=gpus"), [other])

    def test_tags(self):
        id = self.rent()
        self.cloud.advance(30)
        resources = {"resources": [{"resource_id": str(id), "resource_type": "droplet"}]}
        self.assertEqual(self.call("POST", "/tags/t/resources", resources).status, 404)
        self.assertEqual(self.call("POST", "/tags", {"name": "t"}).status, 201)
        self.assertEqual(self.call("POST", "/tags/t/resources", resources).status, 204)
        self.assertEqual(self.ids("?tag_name=t"), [id])
        self.assertEqual(self.call("GET", "/tags/t").json["tag"]["resources"]["count"], 1)
        self.assertEqual(self.call("DELETE", "/tags/t/resources", resources).status, 204)
        self.assertEqual(self.call("DELETE", "/tags/t").status, 204)

    def test_destroyed_with_what_hangs_on_it(self):
        id = self.rent()
        self.cloud.advance(30)
        path = f"/droplets/{id}/destroy_with_associated_resources"
        self.assertEqual(self.call("GET", path).json["volumes"], [])
        self.assertEqual(self.call("DELETE", path + "/dangerous", headers={"X-Dangerous": "true"}).status, 202)
        self.cloud.advance(5)
        self.assertEqual(self.ids("?type=gpus"), [])


if __name__ == "__main__":
    unittest.main()
