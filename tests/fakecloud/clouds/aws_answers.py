"""How AWS's services answer: XML of the Query APIs, JSON of the others, and errors of each."""
import uuid
from xml.sax.saxutils import escape

from exchange import Answer

NAMESPACES = {"ec2": "http://ec2.amazonaws.com/doc/2016-11-15/", "sts": "https://sts.amazonaws.com/doc/2011-06-15/"}


def xml_of(value):
    """A dict is elements, a list is <item>s, what is None is left out."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml_of(one)}</{name}>" for name, one in value.items() if one is not None)
    if isinstance(value, (list, tuple)):
        return "".join(f"<item>{xml_of(one)}</item>" for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def xml_answer(status, root, value, namespace=None):
    name = f' xmlns="{namespace}"' if namespace else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{name}>{xml_of(value)}</{root}>'
    return Answer(status, text.encode(), {"content-type": "text/xml;charset=UTF-8"})


def ec2_answer(action, value):
    return xml_answer(200, action + "Response", {"requestId": str(uuid.uuid4()), **value}, NAMESPACES["ec2"])


def sts_answer(action, value):
    body = {action + "Result": value, "ResponseMetadata": {"RequestId": str(uuid.uuid4())}}
    return xml_answer(200, action + "Response", body, NAMESPACES["sts"])


def json_answer(value, status=200):
    return Answer(status, value, {"content-type": "application/x-amz-json-1.1"})


def error_answer(service, status, code, message):
    if service in ("ssm", "pricing"):
        return json_answer({"__type": "com.amazonaws#" + code, "message": message}, status)
    error = {"Code": code, "Message": message}
    if service == "sts":
        return xml_answer(status, "ErrorResponse", {"Error": {"Type": "Sender", **error}, "RequestId": str(uuid.uuid4())},
                          NAMESPACES["sts"])
    return xml_answer(status, "Response", {"Errors": {"Error": error}, "RequestID": str(uuid.uuid4())})
