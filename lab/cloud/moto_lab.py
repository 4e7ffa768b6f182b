"""A stand-in for the API of AWS: moto, told to behave where it is more lenient than the cloud it stands for.

usage: moto_lab.py PORT

Beside the API it has a page of its own below /lab/, which tests and the reconciler of the lab use:

  POST /lab/reset                      an empty account; settings and faults too
  POST /lab/settings {name: value}     see SETTINGS
  POST /lab/faults   [fault, ...]      see Fault; replaces what was there
  POST /lab/health   {id: state}       health of a target in every target group; in one: {"<arn> <id>": state}
  POST /lab/state    {id, state}       moves an instance ("running", "stopped", "terminated") or a balancer ("active")
  POST /lab/poweroff {id}              an instance ends itself: it stops or is terminated, as it was launched to
  GET  /lab/world                      everything in the account that is not there from the beginning, as sorted lines
  GET  /lab/calls                      names of the calls since the last reset
  GET  /lab/instances, /lab/balancers, /lab/groups, /lab/zones, /lab/subnets   what a reconciler makes real
  GET  /lab/all                        all of these at one moment
"""

import io
import json
import os
import re
import sys
import threading
import urllib.parse
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("MOTO_AMIS_PATH", os.path.join(HERE, "images.json"))
os.environ.setdefault("MOTO_ENABLE_AMI_VALIDATION", "true")
os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true")

from moto.ec2 import utils as ec2_utils  # noqa: E402
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError  # noqa: E402
from moto.ec2.models import EC2Backend, ec2_backends  # noqa: E402
from moto.ec2.models.instances import Instance, StateReason  # noqa: E402
from moto.elbv2 import models as elb  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app  # noqa: E402
from moto.route53 import models as dns  # noqa: E402
from moto.route53.exceptions import Route53ClientError  # noqa: E402
from moto.ssm.models import SimpleSystemManagerBackend  # noqa: E402
from werkzeug.serving import run_simple  # noqa: E402

DEFAULTS = {
    # How long a state lasts before the next one, in seconds.
    "pending_s": 0.02,
    "stopping_s": 0.02,
    "shutting_down_s": 0.02,
    "provisioning_s": 0.02,
    # How long the addresses of a deleted balancer keep its security group.
    "interfaces_s": 0.02,
    # Code of the state reason for which an instance that is launched ends instead of running; none: it runs.
    "ends_for": None,
    # An instance stays pending until it is moved by /lab/state.
    "hold_pending": False,
    # Somebody makes it real: whatever is on its way to a state stays on its way until it is moved by /lab/state.
    "real": False,
    # What a target is when nothing else was said of it.
    "health": "healthy",
}
SETTINGS = dict(DEFAULTS)
TOKENS = {}
HEALTH = {}
CALLS = []
LINGERING = {}
LOCK = threading.RLock()


def later(seconds, act):
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


# Instances: tokens, states that take time, groups and tags of the network interface.

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


def move(instance, state):
    instance._state.name, instance._state.code = state, CODES[state]


def move_later(instance, seconds, before, after):
    move(instance, before)

    def act():
        if instance._state.name == before:
            move(instance, after)

    if not SETTINGS["real"]:
        later(seconds, act)


run_instances = EC2Backend.run_instances


def run_once(self, image_id, count, user_data, security_group_names, **asked):
    token = asked.get("client_token")
    key = (self.account_id, self.region_name, token)
    content = repr((image_id, user_data, asked.get("instance_type"), asked.get("subnet_id"), asked.get("nics")))
    with LOCK:
        if token in (None, "", "ABCDE"):
            return start(self, image_id, count, user_data, security_group_names, asked)
        if key not in TOKENS:
            TOKENS[key] = (start(self, image_id, count, user_data, security_group_names, asked), content)
        reservation, first = TOKENS[key]
        if first != content:
            raise EC2ClientError(
                "IdempotentParameterMismatch",
                "The request uses the same client token as a previous, but non-identical request.",
            )
        return reservation


def start(self, image_id, count, user_data, security_group_names, asked):
    tags = dict(asked.get("tags") or {})
    reservation = run_instances(self, image_id, count, user_data, security_group_names, **asked)
    for instance in reservation.instances:
        if not instance.security_groups:
            instance.security_groups = list(instance.nics[0].group_set)
        for interface in instance.nics.values():
            interface.add_tags(tags.get("network-interface", {}))
        if SETTINGS["ends_for"] is not None:
            move(instance, "pending")
            later(SETTINGS["pending_s"], lambda instance=instance, reason=SETTINGS["ends_for"]: end_early(instance, reason))
        elif SETTINGS["hold_pending"]:
            move(instance, "pending")
        else:
            move_later(instance, SETTINGS["pending_s"], "pending", "running")
    return reservation


def end_early(instance, reason):
    instance.terminate()
    instance.state_reason = StateReason(f"{reason}: told by the lab", reason)


EC2Backend.run_instances = run_once
ec2_utils.filter_dict_attribute_mapping["client-token"] = "client_token"

terminate = Instance.terminate
start_one = Instance.start
stop_one = Instance.stop


def terminate_slowly(self):
    if self._state.name in ("shutting-down", "terminated"):
        return self._state
    previous = terminate(self)
    move_later(self, SETTINGS["shutting_down_s"], "shutting-down", "terminated")
    return previous


def start_slowly(self):
    previous = start_one(self)
    move_later(self, SETTINGS["pending_s"], "pending", "running")
    return previous


def stop_slowly(self, *args, **kwargs):
    previous = stop_one(self, *args, **kwargs)
    move_later(self, SETTINGS["stopping_s"], "stopping", "stopped")
    return previous


Instance.terminate = terminate_slowly
Instance.start = start_slowly
Instance.stop = stop_slowly

# Security groups: what is in use stays.

delete_group = EC2Backend.delete_security_group


def delete_unused_group(self, name=None, group_id=None):
    group = self.get_security_group_by_name_or_id(group_id or name)
    if group is not None:
        if group.name == "default":
            raise EC2ClientError("CannotDelete", f"the specified group: {group.id} name: default cannot be deleted by a user")
        if next(users_of(self, group.id), None) is not None:
            raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return delete_group(self, name, group_id)


def users_of(backend, group_id):
    for instance in backend.all_instances():
        if instance._state.name != "terminated" and group_id in {group.id for group in instance.security_groups}:
            yield instance.id
    balancers = elb.elbv2_backends[backend.account_id][backend.region_name].load_balancers.values()
    for balancer in balancers:
        if group_id in (balancer.security_groups or []):
            yield balancer.arn
    if LINGERING.get(group_id, 0) > 0:
        yield "interface"
    for groups in list(backend.groups.values()):
        for other in list(groups.values()):
            rules = [*other.ingress_rules, *other.egress_rules]
            if other.id != group_id and any((rule.source_group or {}).get("GroupId") == group_id for rule in rules):
                yield other.id


EC2Backend.delete_security_group = delete_unused_group

create_group = EC2Backend.create_security_group


def create_group_alone(self, *args, **kwargs):
    with LOCK:
        return create_group(self, *args, **kwargs)


EC2Backend.create_security_group = create_group_alone

authorize = EC2Backend.authorize_security_group_ingress


def authorize_alone(self, *args, **kwargs):
    with LOCK:
        return authorize(self, *args, **kwargs)


EC2Backend.authorize_security_group_ingress = authorize_alone

# Load balancers: one of a name, names and states as a network load balancer's.

create_balancer = elb.ELBv2Backend.create_load_balancer
delete_balancer = elb.ELBv2Backend.delete_load_balancer


def create_network_balancer(self, name, security_groups, subnet_ids, subnet_mappings=None, **asked):
    with LOCK:
        for balancer in self.load_balancers.values():
            if balancer.name != name:
                continue
            same = sorted(subnet.id for subnet in balancer.subnets) == sorted(subnet_ids)
            if same and balancer.scheme == asked.get("scheme", balancer.scheme):
                return balancer
            raise elb.DuplicateLoadBalancerName()
        if len(name) > 32:
            raise elb.ValidationError(f"The load balancer name '{name}' cannot be longer than '32' characters")
        make_arn = elb.make_arn_for_load_balancer
        elb.make_arn_for_load_balancer = lambda **parts: make_arn(**parts).replace("loadbalancer/app/", "loadbalancer/net/")
        try:
            made = create_balancer(self, name, security_groups, subnet_ids, subnet_mappings, **asked)
        finally:
            elb.make_arn_for_load_balancer = make_arn
        made.dns_name = f"{name}-{made.arn.rsplit('/', 1)[1]}.elb.{self.region_name}.amazonaws.com"
        made.activate = lambda: None
        if not SETTINGS["real"]:
            later(SETTINGS["provisioning_s"], lambda: setattr(made, "state", "active"))
        return made


def delete_network_balancer(self, arn):
    gone = self.load_balancers.get(arn)
    delete_balancer(self, arn)
    for group in gone.security_groups or [] if gone is not None else []:
        LINGERING[group] = LINGERING.get(group, 0) + 1
        later(SETTINGS["interfaces_s"], lambda group=group: LINGERING.update({group: LINGERING[group] - 1}))


elb.ELBv2Backend.create_load_balancer = create_network_balancer
elb.ELBv2Backend.delete_load_balancer = delete_network_balancer

create_target_group = elb.ELBv2Backend.create_target_group


def create_target_group_once(self, name, **asked):
    with LOCK:
        for group in self.target_groups.values():
            if group.name == name and str(group.port) == str(asked.get("port")) and group.protocol == asked.get("protocol"):
                return group
        return create_target_group(self, name, **asked)


elb.ELBv2Backend.create_target_group = create_target_group_once

create_listener = elb.ELBv2Backend.create_listener


def create_listener_once(self, load_balancer_arn, protocol, port, *args, **kwargs):
    with LOCK:
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer is not None and any(str(one.port) == str(port) for one in balancer.listeners.values()):
            raise elb.DuplicateListenerError()
        return create_listener(self, load_balancer_arn, protocol, port, *args, **kwargs)


elb.ELBv2Backend.create_listener = create_listener_once

health_for = elb.FakeTargetGroup.health_for


def health_told(self, target, backend):
    health = health_for(self, target, backend)
    if health.status == "healthy":
        health.status = HEALTH.get(f"{self.arn} {target['Id']}", HEALTH.get(target["Id"], SETTINGS["health"]))
        health.reason, health.description = REASONS.get(health.status, (None, None))
    return health


REASONS = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
}


elb.FakeTargetGroup.health_for = health_told

# Route 53: what is there is not created, what is not there is not deleted.


change_records = dns.Route53Backend.change_resource_record_sets


def change_records_strictly(self, zoneid, change_list):
    with LOCK:
        zone = self.get_hosted_zone(zoneid)
        there = {(one.name.strip("."), one.type): one for one in zone.rrsets}
        for change in change_list:
            record = change["ResourceRecordSet"]
            key = (record["Name"].strip("."), record["Type"])
            if change["Action"] == "CREATE":
                if key in there:
                    raise Route53ClientError("InvalidChangeBatch", f"Tried to create resource record set {key} but it already exists")
                there[key] = record
            if change["Action"] == "DELETE":
                known = there.pop(key, None)
                if known is None or target_of(known) != target_of(record):
                    raise Route53ClientError("InvalidChangeBatch", f"Tried to delete resource record set {key} but it was not found")
        return change_records(self, zoneid, change_list)


def target_of(record):
    alias = record.get("AliasTarget") if isinstance(record, dict) else record.alias_target
    return None if alias is None else alias["DNSName"].strip(".").lower()


dns.Route53Backend.change_resource_record_sets = change_records_strictly

# Systems Manager: what the makers of images publish.

PUBLISHED = {"/aws/service/debian/release/12/latest/amd64": "ami-0d0000000000000d2"}
get_parameter = SimpleSystemManagerBackend.get_parameter


class Published:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def response_object(self, decrypt=False, region=None):
        return {"Name": self.name, "Type": "String", "Value": self.value, "Version": 1}


def get_published(self, name):
    return Published(name, PUBLISHED[name]) if name in PUBLISHED else get_parameter(self, name)


SimpleSystemManagerBackend.get_parameter = get_published


# Faults.


@dataclass
class Fault:
    """What goes wrong with calls of one action; `times` calls do, the first `after` do not.

    kind error: the call answers `code` and does nothing. kind late: it is done, and answers `code` all the same, as when
    an answer is lost. kind stale: it answers as the same call did before the last change.
    """

    action: str
    kind: str = "error"
    code: str = "InternalError"
    status: int = 400
    message: str = "injected by the lab"
    times: int = 1
    after: int = 0


FAULTS = []
ANSWERS = {}


def take_fault(action):
    for fault in FAULTS:
        if fault.times <= 0 or not re.fullmatch(fault.action, action):
            continue
        if fault.after > 0:
            fault.after -= 1
            return None
        fault.times -= 1
        return fault
    return None


def render_fault(fault, service):
    if service == "ec2":
        body = f"<Response><Errors><Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error></Errors><RequestID>lab</RequestID></Response>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code><Message>{fault.message}</Message></Error><RequestId>lab</RequestId></ErrorResponse>"
    return [body.encode()]


PATHS = [
    ("POST", r"/2013-04-01/hostedzone/[^/]+/rrset/?", "ChangeResourceRecordSets"),
    ("GET", r"/2013-04-01/hostedzone/[^/]+/rrset/?", "ListResourceRecordSets"),
    ("GET", r"/2013-04-01/hostedzonesbyname/?", "ListHostedZonesByName"),
    ("GET", r"/2013-04-01/hostedzone/[^/]+/?", "GetHostedZone"),
]


def name_call(environ, body):
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    service = scope.group(1) if scope else ""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return service, target.split(".")[-1]
    for method, path, action in PATHS:
        if environ["REQUEST_METHOD"] == method and re.fullmatch(path, environ["PATH_INFO"]):
            return service, action
    return service, urllib.parse.parse_qs(body.decode("utf8", "replace")).get("Action", [""])[0]


class App:
    """The API with faults, and the lab's own page."""

    def __init__(self):
        self.cloud = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ, respond):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        path = environ.get("PATH_INFO", "")
        if path.startswith("/lab/"):
            answer = page(path.removeprefix("/lab/"), json.loads(body or b"null"))
            respond("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(answer, default=str).encode()]
        if path.startswith("/moto-api/"):
            return self.cloud(environ, respond)
        service, action = name_call(environ, body)
        with LOCK:
            CALLS.append(action)
            fault = take_fault(action)
        key = (service, action, path, environ.get("QUERY_STRING", ""), body)
        if fault is not None and fault.kind == "stale" and key in ANSWERS:
            status, headers, chunks = ANSWERS[key]
            respond(status, headers)
            return chunks
        if fault is not None and fault.kind == "error":
            respond(f"{fault.status} Injected", [("Content-Type", "text/xml")])
            return render_fault(fault, service)
        status, headers, chunks = self.ask(environ)
        if re.match(r"Describe|List|Get", action):
            ANSWERS[key] = (status, headers, chunks)
        if fault is not None and fault.kind == "late":
            respond(f"{fault.status} Injected", [("Content-Type", "text/xml")])
            return render_fault(fault, service)
        respond(status, headers)
        return chunks

    def ask(self, environ):
        told = []
        chunks = list(self.cloud(environ, lambda status, headers, _=None: told.append((status, headers))))
        return (*told[0], chunks)


# The lab's own page.


def page(name, given):
    if name == "reset":
        SETTINGS.update(DEFAULTS)
        for kept in (TOKENS, HEALTH, FAULTS, CALLS, LINGERING, ANSWERS):
            kept.clear()
        for backend in (ec2_backends, elb.elbv2_backends, dns.route53_backends):
            backend.reset()
        return {}
    if name == "settings":
        SETTINGS.update(given)
        return SETTINGS
    if name == "faults":
        FAULTS[:] = [Fault(**one) for one in given]
        return len(FAULTS)
    if name == "health":
        HEALTH.update(given)
        return HEALTH
    if name == "state":
        for instance in every_instance():
            if instance.id == given["id"]:
                move(instance, given["state"])
        for balancer in every_balancer():
            if balancer.arn == given["id"]:
                balancer.state = given["state"]
        return {}
    if name == "poweroff":
        for backend in backends(ec2_backends):
            for instance in backend.all_instances():
                if instance.id != given["id"] or instance._state.name != "running":
                    continue
                if instance.instance_initiated_shutdown_behavior == "stop":
                    backend.stop_instances([instance.id])
                else:
                    # Protection is against calls, not against the machine itself.
                    instance.disable_api_termination = False
                    backend.terminate_instances([instance.id])
        return {}
    return PAGES[name]()


def backends(of):
    return [backend for account in list(of.values()) for backend in list(account.values())]


def every_instance():
    return [instance for backend in backends(ec2_backends) for instance in backend.all_instances()]


def instances():
    return [
        {
            "id": one.id,
            "state": one._state.name,
            "privateAddress": one.nics[0].private_ip_address if one.nics else None,
            "publicAddress": one.nics[0].public_ip if one.nics else None,
            "subnet": one.subnet_id,
            "zone": one.placement.zone if hasattr(one.placement, "zone") else None,
            "groups": [group.id for group in one.security_groups],
            "userData": one.user_data.decode() if one.user_data else None,
            "shutdown": one.instance_initiated_shutdown_behavior,
            "tags": {tag["key"]: tag["value"] for tag in one.get_tags()},
        }
        for one in every_instance()
    ]


def balancers():
    return [
        {
            "arn": one.arn,
            "name": one.name,
            "dnsName": one.dns_name,
            "state": one.state,
            "scheme": one.scheme,
            "groups": one.security_groups or [],
            "subnets": [subnet.id for subnet in one.subnets],
            "crossZone": one.attrs.get("load_balancing.cross_zone.enabled") == "true",
            "listeners": [
                {"port": int(listener.port), "group": group_of(backend, listener)} for listener in list(one.listeners.values())
            ],
        }
        for backend in backends(elb.elbv2_backends)
        for one in list(backend.load_balancers.values())
    ]


def every_balancer():
    return [balancer for backend in backends(elb.elbv2_backends) for balancer in list(backend.load_balancers.values())]


def group_of(backend, listener):
    """The target group a listener forwards to, with how its targets are looked at."""
    arns = [action.data.get("TargetGroupArn") for action in listener.default_actions]
    for group in (backend.target_groups[arn] for arn in arns if arn in backend.target_groups):
        return {
            "arn": group.arn,
            "targets": [{"id": target["Id"], "port": int(target["Port"])} for target in list(group.targets.values())],
            "check": {
                "port": str(group.health_check_port),
                "interval": int(group.health_check_interval_seconds),
                "timeout": int(group.health_check_timeout_seconds),
                "rise": int(group.healthy_threshold_count),
                "fall": int(group.unhealthy_threshold_count),
            },
            "deregistration": int(group.attributes.get("deregistration_delay.timeout_seconds", 300)),
        }
    return None


def every_group():
    return [group for backend in backends(ec2_backends) for of in backend.groups.values() for group in of.values()]


def groups():
    return [
        {
            "id": group.id,
            "name": group.name,
            "rules": [
                {
                    "protocol": rule.ip_protocol,
                    "from": rule.from_port,
                    "to": rule.to_port,
                    "cidr": rule.cidr_ipv4,
                    "group": (rule.source_group or {}).get("GroupId"),
                }
                for rule in list(group.ingress_rules)
            ],
        }
        for group in every_group()
    ]


def subnets():
    """Those of the networks instances and balancers may be in; the default one is made at the first call for it."""
    return [
        {"id": subnet.id, "vpc": subnet.vpc_id, "cidr": subnet.cidr_block, "zone": subnet.availability_zone}
        for backend in backends(ec2_backends)
        for subnet in backend.describe_subnets()
    ]


def zones():
    return [
        {
            "id": zone.id,
            "name": zone.name,
            "records": [
                {"name": one.name, "type": one.type, "values": one.records, "alias": (one.alias_target or {}).get("DNSName")}
                for one in zone.rrsets
                if one.type not in ("NS", "SOA")
            ],
        }
        for backend in backends(dns.route53_backends)
        for zone in backend.zones.values()
    ]


PAGES = {
    "world": lambda: world(),
    "calls": lambda: CALLS,
    "instances": instances,
    "balancers": balancers,
    "groups": groups,
    "zones": zones,
    "subnets": subnets,
    "all": lambda: {"instances": instances(), "balancers": balancers(), "groups": groups(), "zones": zones(), "subnets": subnets()},
}


def world():
    lines = [f"instance {one['id']}" for one in instances() if one["state"] != "terminated"]
    lines += [f"interface {nic.id}" for backend in backends(ec2_backends) for nic in backend.enis.values()]
    lines += [f"volume {volume.id}" for backend in backends(ec2_backends) for volume in backend.volumes.values()]
    for group in every_group():
        if group.name != "default":
            lines.append(f"group {group.id} {sorted((tag['key'], tag['value']) for tag in group.get_tags())}")
            lines += [f"rule {rule.id} {sorted((tag['key'], tag['value']) for tag in rule.get_tags())}" for rule in group.ingress_rules]
    for backend in backends(elb.elbv2_backends):
        lines += [f"target group {arn}" for arn in backend.target_groups]
        for balancer in backend.load_balancers.values():
            lines.append(f"load balancer {balancer.arn}")
            lines += [f"listener {arn}" for arn in balancer.listeners]
    for zone in zones():
        lines += [f"record {zone['name']} {one['name']} {one['type']} {one['alias'] or one['values']}" for one in zone["records"]]
    return sorted(lines)


def end_with_parent():
    """Whoever started it holds the other end of its input."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    run_simple("127.0.0.1", int(sys.argv[1]), App(), threaded=True, request_handler=MotoRequestHandler)
