"""The dialect of AWS, rule by rule: who may come in, what a token means, what is left."""
import http.client
import os
import pathlib
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

from clouds.aws_catalogue import PARAMETER, image_of, subnet_of
from clouds.aws_signature import Scope, signature
from running_cloud import CloudTest, Reply

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def plain(element):
    """<a><b>1</b><l><item/></l></a> as dicts, lists and texts."""
    children = list(element)
    names = [child.tag.rpartition("}")[2] for child in children]
    if not children:
        return element.text or ""
    if set(names) == {"item"}:
        return [plain(child) for child in children]
    return {name: plain(child) for name, child in zip(names, children)}


class AwsTest(CloudTest):
    words = ("--cloud", "aws")

    def send(self, service, body, key="good", headers=(), region="us-east-1", skew_s=0, alter=lambda fields: fields):
        """`alter`: what becomes of the headers after they were signed."""
        id, secret, *token = self.cloud.secrets["aws"].get(key, key).split(":")
        date = (datetime.now(timezone.utc) + timedelta(seconds=skew_s)).strftime("%Y%m%dT%H%M%SZ")
        host = f"{'api.' if service == 'pricing' else ''}{service}.{region}.amazonaws.com"
        fields = {"content-type": FORM, "host": host, "x-amz-date": date, **dict(headers)}
        if token:
            fields["x-amz-security-token"] = token[0]
        names = ";".join(sorted(fields))
        head = f"AWS4-HMAC-SHA256 Credential={id}/{date[:8]}/{region}/{service}/aws4_request, SignedHeaders={names}, Signature="
        message = http.client.HTTPMessage()
        for name, value in fields.items():
            message[name] = value
        request = SimpleNamespace(method="POST", path="/", query={}, headers=message, body=body)
        fields["authorization"] = head + signature(request, Scope(head + "0" * 64), date, secret)
        connection = self.cloud.connect("aws")
        try:
            connection.request("POST", "/", body, alter(fields))
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def ask(self, action, key="good", region="us-east-1", service="ec2", **parameters):
        form = {"Action": action, "Version": "2016-11-15", **{name.replace("__", "."): v for name, v in parameters.items()}}
        return self.send(service, urlencode(form).encode(), key, region=region)

    def form(self, action, form, **more):
        return self.send("ec2", urlencode({"Action": action, "Version": "2016-11-15", **form}).encode(), **more)

    def good(self, reply):
        self.assertEqual(reply.status, 200, reply.bytes)
        return plain(ElementTree.fromstring(reply.bytes))

    def code(self, reply):
        root = ElementTree.fromstring(reply.bytes)
        return reply.status, next(one.text for one in root.iter() if one.tag.rpartition("}")[2] == "Code")

    def group(self):
        made = self.good(self.ask("CreateSecurityGroup", GroupName="stk-1", GroupDescription="d"))
        self.good(self.form("AuthorizeSecurityGroupIngress", {
            "GroupId": made["groupId"], "IpPermissions.1.IpProtocol": "tcp", "IpPermissions.1.FromPort": "22",
            "IpPermissions.1.ToPort": "22", "IpPermissions.1.IpRanges.1.CidrIp": "0.0.0.0/0"}))
        self.cloud.advance(2)
        return made["groupId"]

    def wanted(self, group, **more):
        return {"ImageId": image_of("us-east-1", "x86_64"), "InstanceType": "g5.xlarge", "MinCount": "1",
                "MaxCount": "1", "ClientToken": "t1", "InstanceInitiatedShutdownBehavior": "terminate",
                "MetadataOptions.HttpTokens": "required", "NetworkInterface.1.AssociatePublicIpAddress": "true",
                "NetworkInterface.1.SubnetId": subnet_of("us-east-1a"),
                "NetworkInterface.1.SecurityGroupId.1": group, "BlockDeviceMapping.1.DeviceName": "/dev/sda1",
                "BlockDeviceMapping.1.Ebs.VolumeSize": "100", "BlockDeviceMapping.1.Ebs.DeleteOnTermination": "true",
                "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "Name",
                "TagSpecification.1.Tag.1.Value": "one", **more}

    def launch(self, group, **more):
        return self.form("RunInstances", self.wanted(group, **more))

    def rent(self, group, **more):
        return self.good(self.launch(group, **more))["instancesSet"][0]["instanceId"]

    def look(self, id):
        reply = self.form("DescribeInstances", {"InstanceId.1": id})
        return self.good(reply)["reservationSet"][0]["instancesSet"][0] if reply.status == 200 else self.code(reply)


class Admission(AwsTest):
    def test_a_signature_is_verified_and_nothing_may_change_after_it(self):
        self.assertEqual(self.ask("DescribeInstances").status, 200)
        for name, value in (("x-amz-date", "20200101T000000Z"), ("x-amz-target", "AmazonSSM.GetParameter"),
                            ("host", "ec2.us-west-2.amazonaws.com"), ("content-type", "text/plain")):
            reply = self.send("ec2", b"Action=DescribeInstances", alter=lambda fields: {**fields, name: value})
            self.assertIn(reply.status, (400, 401), name)
        id = self.cloud.secrets["aws"]["good"].split(":")[0]
        self.assertEqual(self.code(self.ask("DescribeInstances", key=id + ":wrong")), (401, "AuthFailure"))
        reply = self.ask("GetCallerIdentity", key=id + ":wrong", service="sts")
        self.assertEqual(self.code(reply), (403, "SignatureDoesNotMatch"))
        self.assertEqual(self.code(self.ask("GetCallerIdentity", key="AKIANOBODY:x", service="sts")),
                         (403, "InvalidClientTokenId"))
        without = self.send("ec2", b"Action=DescribeInstances",
                            alter=lambda fields: {k: v for k, v in fields.items() if k != "authorization"})
        self.assertEqual(self.code(without), (403, "MissingAuthenticationToken"))

    def test_a_wrong_clock_is_told_from_a_wrong_key(self):
        for skew_s in (-3600, 3600):
            reply = self.send("ec2", b"Action=DescribeInstances", skew_s=skew_s)
            self.assertEqual(self.code(reply), (400, "RequestExpired"))
            self.assertIn("date", reply.headers)
        self.assertEqual(self.send("ec2", b"Action=DescribeInstances", skew_s=-240).status, 200)
        self.cloud.order("/settings", {"cloud": "aws", "settings": {"skew_s": 3600}})
        self.assertEqual(self.code(self.ask("DescribeInstances")), (400, "RequestExpired"))

    def test_sessions(self):
        self.assertEqual(self.ask("DescribeInstances", key="session").status, 200)
        self.assertEqual(self.code(self.ask("DescribeInstances", key="expired")), (400, "RequestExpired"))
        self.assertEqual(self.code(self.ask("GetCallerIdentity", key="expired", service="sts")), (403, "ExpiredToken"))
        cut = ":".join(self.cloud.secrets["aws"]["session"].split(":")[:2])
        self.assertEqual(self.code(self.ask("DescribeInstances", key=cut)), (401, "AuthFailure"))
        self.assertEqual(self.code(self.ask("DescribeInstances", key="revoked")), (401, "AuthFailure"))
        self.assertEqual(self.code(self.ask("DescribeInstances", key="inactive")), (403, "Blocked"))

    def test_a_dry_run_does_nothing(self):
        reply = self.ask("CreateSecurityGroup", GroupName="x", GroupDescription="d", DryRun="true")
        self.assertEqual(self.code(reply), (412, "DryRunOperation"))
        self.assertEqual(self.cloud.judgement("aws")["keys_left"], [])

    def test_too_many_requests(self):
        self.cloud.order("/settings", {"cloud": "aws", "settings": {"requests": 2}})
        replies = [self.ask("DescribeInstances") for _ in range(3)]
        self.assertEqual(self.code(replies[2]), (503, "RequestLimitExceeded"))
        self.cloud.advance(10)
        self.assertEqual(self.ask("DescribeInstances").status, 200)


class Tokens(AwsTest):
    def test_the_same_again_is_the_same_machine(self):
        group = self.group()
        first = self.rent(group)
        self.assertEqual(self.rent(group), first)
        self.assertEqual(self.code(self.launch(group, InstanceType="g6.xlarge")), (400, "IdempotentParameterMismatch"))
        self.assertEqual(self.cloud.judgement("aws")["creates"], 1)

    def test_it_is_zonal(self):
        group = self.group()
        first = self.rent(group)
        self.assertNotEqual(self.rent(group, **{"NetworkInterface.1.SubnetId": subnet_of("us-east-1b")}), first)

    def test_that_of_a_terminated_machine_is_spent(self):
        group = self.group()
        id = self.rent(group)
        self.cloud.advance(10)
        self.good(self.form("TerminateInstances", {"InstanceId.1": id}))
        self.assertEqual(self.code(self.launch(group)), (400, "IdempotentInstanceTerminated"))

    def test_a_refusal_spends_nothing(self):
        group = self.group()
        self.cloud.order("/capacity", {"cloud": "aws", "type": "g5.xlarge", "region": "us-east-1a", "left": 0})
        self.assertEqual(self.code(self.launch(group)), (500, "InsufficientInstanceCapacity"))
        self.cloud.order("/capacity", {"cloud": "aws", "type": "g5.xlarge", "region": "us-east-1a", "left": 1})
        self.rent(group)


class Life(AwsTest):
    def test_from_pending_to_terminated(self):
        group = self.group()
        id = self.rent(group)
        self.assertEqual(self.look(id), (400, "InvalidInstanceID.NotFound"), "not seen everywhere yet")
        self.cloud.advance(3)
        self.assertEqual(self.look(id)["instanceState"]["name"], "pending")
        self.cloud.advance(20)
        running = self.look(id)
        self.assertEqual((running["instanceState"]["name"], running["ipAddress"]), ("running", "127.0.0.10"))
        self.assertEqual(self.code(self.form("DeleteSecurityGroup", {"GroupId": group})), (400, "DependencyViolation"))
        for _ in range(2):  # what is terminated may be so again
            self.good(self.form("TerminateInstances", {"InstanceId.1": id}))
            self.cloud.advance(20)
        self.assertEqual(self.look(id)["instanceState"]["name"], "terminated")
        self.good(self.form("DeleteSecurityGroup", {"GroupId": group}))
        self.assertEqual(self.cloud.judgement("aws")["alive"], [])

    def test_power_off_ends_it_and_its_bill(self):
        id = self.rent(self.group())
        self.cloud.advance(60)
        self.cloud.order(f"/machines/{id}/power_off", {})
        self.assertEqual(self.look(id)["instanceState"]["name"], "stopped", "the control pulls the plug")

    def test_a_spot_machine_is_told_before_it_is_reclaimed(self):
        spot = {"InstanceMarketOptions.MarketType": "spot",
                "InstanceMarketOptions.SpotOptions.SpotInstanceType": "one-time"}
        id = self.rent(self.group(), **spot)
        self.cloud.advance(60)
        self.assertEqual(self.look(id)["instanceLifecycle"], "spot")
        self.cloud.order(f"/machines/{id}/reclaim", {})
        self.cloud.advance(100)
        self.assertEqual(self.look(id)["instanceState"]["name"], "running")
        self.cloud.advance(30)
        gone = self.look(id)
        self.assertEqual((gone["instanceState"]["name"], gone["stateReason"]["code"]),
                         ("terminated", "Server.SpotInstanceTermination"))
        self.assertEqual(len(self.cloud.history("reclaim-noticed")), 1)

    def test_lists_have_pages_filters_and_a_lag(self):
        group = self.group()
        ids = {self.rent(group, ClientToken=f"t{i}") for i in range(7)}
        self.assertEqual(self.good(self.ask("DescribeInstances"))["reservationSet"], "")
        self.cloud.advance(6)
        found, token = set(), None
        for pages in range(1, 9):
            page = self.good(self.form("DescribeInstances", {"MaxResults": "5", **({"NextToken": token} if token else {})}))
            found |= {one["instancesSet"][0]["instanceId"] for one in page["reservationSet"]}
            token = page.get("nextToken")
            if not token:
                break
        self.assertEqual((found, pages), (ids, 2))
        one = self.good(self.form("DescribeInstances", {"Filter.1.Name": "client-token", "Filter.1.Value.1": "t3"}))
        self.assertEqual(len(one["reservationSet"]), 1)
        self.assertEqual(self.code(self.form("DescribeInstances", {"Filter.1.Name": "colour"})),
                         (400, "InvalidParameterValue"))
        self.assertEqual(self.good(self.ask("DescribeInstances", region="us-west-2"))["reservationSet"], "")


class Launch(AwsTest):
    violations_expected = True  # what is asked for here is wrong on purpose

    def test_what_is_refused_and_what_must_not_be_asked(self):
        group = self.group()
        for more, code in [({"ImageId": "ami-nobody"}, "InvalidAMIID.NotFound"),
                           ({"ImageId": image_of("us-east-1", "arm64")}, "InvalidParameterValue"),
                           ({"NetworkInterface.1.SubnetId": "subnet-x"}, "InvalidSubnetID.NotFound"),
                           ({"NetworkInterface.1.SecurityGroupId.1": "sg-x"}, "InvalidGroup.NotFound"),
                           ({"BlockDeviceMapping.1.Ebs.VolumeSize": "8"}, "InvalidBlockDeviceMapping"),
                           ({"UserData": "?"}, "InvalidUserData.Malformed"),
                           ({"InstanceType": "g5g.xlarge", "ImageId": image_of("us-east-1", "arm64"),
                             "NetworkInterface.1.SubnetId": subnet_of("us-east-1b")}, "Unsupported")]:
            self.assertEqual(self.code(self.launch(group, **more)), (400, code), more)
        self.cloud.order("/quota", {"cloud": "aws", "instances": 0})
        self.assertEqual(self.code(self.launch(group)), (400, "VcpuLimitExceeded"))
        self.assertEqual(self.cloud.judgement("aws")["violations"], [])
        self.cloud.order("/quota", {"cloud": "aws", "instances": 5})
        self.rent(group, **{"MetadataOptions.HttpTokens": "optional"})
        self.assertIn("HttpTokens", str(self.cloud.judgement("aws")["violations"]))


class CommandLine(AwsTest):
    """AWS's own client signs, and is let in: the check is no invention of ours."""

    def setUp(self):
        if shutil.which("aws") is None:
            self.skipTest("the AWS command line is not installed")
        super().setUp()

    def aws(self, *words, key="good"):
        id, secret, *token = self.cloud.secrets["aws"][key].split(":")
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.cloud.folder), "AWS_ACCESS_KEY_ID": id,
                       "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": self.cloud.urls["aws"], "AWS_PAGER": "",
                       "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
        if token:
            environment["AWS_SESSION_TOKEN"] = token[0]
        ran = subprocess.run(["aws", *words, "--output", "text"], env=environment, capture_output=True, text=True, timeout=60)
        return ran.stdout + ran.stderr

    def test_is_let_in_by_its_signature_alone(self):
        self.assertIn("arn:aws:iam::", self.aws("sts", "get-caller-identity"))
        self.assertIn("arn:aws:iam::", self.aws("sts", "get-caller-identity", key="session"))
        self.assertIn("H100", self.aws("ec2", "describe-instance-types", "--filters", "Name=instance-type,Values=p*"))
        self.assertIn("ami-", self.aws("ssm", "get-parameter", "--name", PARAMETER.format("x86_64")))
        self.assertIn("AuthFailure", self.aws("ec2", "describe-instances", key="revoked"))


if __name__ == "__main__":
    unittest.main()
