"""EC2's security groups: regional, named within their VPC, and not to be deleted while a machine is in them."""
import secrets
from dataclasses import dataclass, field

from clouds.aws_answers import ec2_answer
from clouds.aws_catalogue import VPC


@dataclass
class Group:
    id: str
    name: str
    region: str
    vpc: str
    tags: dict
    created_ms: int
    account: str = "main"
    foreign: bool = False
    rules: set = field(default_factory=set)  # (protocol, from, to, addresses)

    def lets_ssh_in(self):
        return any(protocol == "tcp" and int(first) <= 22 <= int(last) for protocol, first, last, _ in self.rules)


class Groups:
    """In the cloud's `keys`: like SSH keys elsewhere they cost nothing, and must not be left behind."""

    def __init__(self, cloud):
        self._cloud = cloud

    def usable(self, request, id):
        """One that the rest of the cloud knows of already."""
        for group in self._cloud.visible_keys(request):
            if group.id == id and group.region == request.scope.region:
                return group
        self._cloud.refuse(400, "InvalidGroup.NotFound", f"The security group '{id}' does not exist")

    def _own(self, request):
        return [one for one in self._cloud.keys
                if one.account == request.credential.account and one.region == request.scope.region]

    def _named(self, request):
        id = request.form.get("GroupId", "")
        if not id.startswith("sg-"):
            self._cloud.refuse(400, "InvalidGroupId.Malformed", f'Invalid id: "{id}"')
        for group in self._own(request):
            if group.id == id:
                return group
        self._cloud.refuse(400, "InvalidGroup.NotFound", f"The security group '{id}' does not exist")

    def create(self, request):
        form, cloud, region = request.form, self._cloud, request.scope.region
        name, vpc = form.get("GroupName", ""), form.get("VpcId", VPC[region])
        if not name or len(name) > 255 or name.startswith("sg-") or not form.get("GroupDescription"):
            cloud.refuse(400, "InvalidParameterValue", "GroupName and GroupDescription are needed")
        if vpc != VPC[region]:
            cloud.refuse(400, "InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
        if any(one.name == name and one.vpc == vpc for one in self._own(request)):
            cloud.refuse(400, "InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc}'")
        tags = cloud.tags_for(form, "security-group")
        group = Group("sg-" + secrets.token_hex(8) + "0", name, region, vpc, tags, request.t_ms,
                      request.credential.account)
        cloud.add_key(group, request.t_ms)
        return ec2_answer("CreateSecurityGroup", {"return": True, "groupId": group.id})

    def open(self, request):
        form, group = request.form, self._named(request)
        at = "IpPermissions.1."
        rule = (form.get(at + "IpProtocol"), form.get(at + "FromPort"), form.get(at + "ToPort"),
                form.get(at + "IpRanges.1.CidrIp"))
        if None in rule:
            self._cloud.refuse(400, "MissingParameter", "The request must contain a whole rule")
        if rule in group.rules:
            self._cloud.refuse(400, "InvalidPermission.Duplicate", "the specified rule already exists")
        group.rules.add(rule)
        return ec2_answer("AuthorizeSecurityGroupIngress", {"return": True})

    def list(self, request):
        shown = [one for one in self._cloud.visible_keys(request) if one.region == request.scope.region]
        facts = {"group-name": lambda one: one.name, "vpc-id": lambda one: one.vpc, "group-id": lambda one: one.id}
        shown = self._cloud.filtered(request, shown, facts, lambda one: one.tags)
        return self._cloud.page(request, "securityGroupInfo", [
            {"ownerId": self._cloud.account_id(request), "groupId": one.id, "groupName": one.name, "vpcId": one.vpc,
             "tagSet": [{"key": key, "value": value} for key, value in one.tags.items()]}
            for one in self._cloud.faulty_list(request, shown)])

    def delete(self, request):
        group = self._named(request)
        for instance in self._cloud.rentals:
            if group in instance.facts.get("groups", ()) and instance.state_at(request.t_ms) != "terminated":
                self._cloud.refuse(400, "DependencyViolation", f"resource {group.id} has a dependent object")
        self._cloud.delete_key(group, request.t_ms)
        return ec2_answer("DeleteSecurityGroup", {"return": True})
