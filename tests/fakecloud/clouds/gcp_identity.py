"""Who asks: Google's key files, the JWTs they sign, and access tokens."""
import base64
import hashlib
import json
import secrets
import subprocess
from urllib.parse import parse_qs

from credential import Credential, Credentials
from exchange import Answer, Refused

TOKEN_URL = "https://oauth2.googleapis.com/token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2
EXPONENT = 65537
TIMEFRAME = ("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
             "Check your iat and exp values in the JWT claim.")


class SigningKey:
    """One for all service accounts of a run: to make one takes a while."""

    def __init__(self):
        made = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                              capture_output=True, check=True)
        self.pem = made.stdout.decode()
        shown = subprocess.run(["openssl", "rsa", "-noout", "-modulus"], input=made.stdout, capture_output=True,
                               check=True)
        self._modulus = int(shown.stdout.decode().strip().partition("=")[2], 16)

    def has_signed(self, message, signature):
        """RSASSA-PKCS1-v1_5 with SHA-256."""
        length = (self._modulus.bit_length() + 7) // 8
        digest = SHA256_PREFIX + hashlib.sha256(message).digest()
        padded = b"\0\1" + b"\xff" * (length - len(digest) - 3) + b"\0" + digest
        return pow(int.from_bytes(signature, "big"), EXPONENT, self._modulus) == int.from_bytes(padded, "big")


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def project_of(account):
    return f"project-{account}"


class Identity:
    def __init__(self, cloud):
        self._cloud, self._key = cloud, SigningKey()
        self._by_email, self._by_refresh_token, self._tokens = {}, {}, {}

    def _service_account(self, name, state="active", account="main"):
        email = f"{name}@{project_of(account)}.iam.gserviceaccount.com"
        file = {"type": "service_account", "project_id": project_of(account),
                "private_key_id": hashlib.sha1(email.encode()).hexdigest(), "private_key": self._key.pem,
                "client_email": email, "client_id": "1", "token_uri": TOKEN_URL}
        credential = Credential(name, json.dumps(file), state, account)
        self._by_email[email] = (credential, file["private_key_id"])
        return credential

    def _person(self):
        file = {"type": "authorized_user", "client_id": "client.apps.googleusercontent.com",
                "client_secret": secrets.token_hex(8), "refresh_token": "1//" + secrets.token_urlsafe(24),
                "quota_project_id": project_of("main")}
        credential = Credential("person", json.dumps(file))
        self._by_refresh_token[file["refresh_token"]] = (credential, file)
        return credential

    def make_credentials(self, seeded):
        """A seeded secret is no key file, so only name, state and account of it count."""
        if seeded is not None:
            return Credentials([self._service_account(one["name"], one.get("state", "active"),
                                                      one.get("account", "main")) for one in seeded])
        account = self._service_account
        return Credentials([account("good"), account("expired", "expired"), account("revoked", "revoked"),
                            account("inactive", "inactive"), account("other", account="other"),
                            account("machine"), self._person()])

    # What is posted to /token.

    def _form(self, request):
        return {key: values[-1] for key, values in parse_qs(request.body.decode("latin-1")).items()}

    def _refuse(self, description, status=400, error="invalid_grant"):
        raise Refused(Answer(status, {"error": error, "error_description": description}))

    def _claims(self, assertion):
        """(header, claims, what is signed, signature), or None."""
        try:
            header, claims, signature = assertion.split(".")
            return (json.loads(unpadded(header)), json.loads(unpadded(claims)), f"{header}.{claims}".encode(),
                    unpadded(signature))
        except ValueError:
            return None

    def grantee(self, request):
        """The credential that a token is asked for with, whatever it is worth."""
        form = self._form(request)
        read = self._claims(form.get("assertion", ""))
        if read:
            return self._by_email.get(read[1].get("iss"), (None,))[0]
        return self._by_refresh_token.get(form.get("refresh_token"), (None,))[0]

    def _signer(self, request, assertion):
        read = self._claims(assertion)
        if read is None:
            self._refuse("Invalid JWT: failed to parse.")
        header, claims, message, signature = read
        credential, key_id = self._by_email.get(claims.get("iss"), (None, None))
        if credential is None:
            self._refuse("Invalid grant: account not found")
        if header.get("alg") != "RS256" or header.get("kid") != key_id or not self._key.has_signed(message, signature):
            self._refuse("Invalid JWT Signature.")
        if claims.get("aud") != TOKEN_URL or not claims.get("scope"):
            self._refuse("Invalid OAuth scope or ID token audience provided.", error="invalid_scope")
        issued, expires, now = claims.get("iat"), claims.get("exp"), request.t_ms / 1000
        if not isinstance(issued, int) or not isinstance(expires, int) or not (
                expires - issued <= 3600 and issued <= now + 300 and expires > now):
            self._refuse(TIMEFRAME)
        return credential

    def token(self, request):
        form = self._form(request)
        if form.get("grant_type") == JWT_GRANT:
            credential = self._signer(request, form.get("assertion", ""))
        elif form.get("grant_type") == "refresh_token":
            credential, file = self._by_refresh_token.get(form.get("refresh_token"), (None, {}))
            if credential is None:
                self._refuse("Bad Request")
            if (form.get("client_id"), form.get("client_secret")) != (file["client_id"], file["client_secret"]):
                self._refuse("The OAuth client was not found.", 401, "invalid_client")
        else:
            self._refuse("Invalid grant_type: " + form.get("grant_type", ""), error="unsupported_grant_type")
        if credential.state in ("expired", "revoked"):
            self._refuse("Invalid JWT Signature." if "assertion" in form else "Token has been expired or revoked.")
        return self._given(request, credential)

    def _given(self, request, credential):
        token, lasts_s = "ya29." + secrets.token_urlsafe(40), self._cloud.settings["token_s"]
        self._tokens[token] = (credential, request.t_ms + int(lasts_s * 1000))
        self._cloud.world.history.hide(token)
        return Answer(200, {"access_token": token, "expires_in": lasts_s, "token_type": "Bearer"})

    # The metadata server, as seen from a machine that the credential "machine" is attached to.

    def _of_machine(self, request):
        if request.headers.get("metadata-flavor") != "Google":
            raise Refused(Answer(403, b"Missing Metadata-Flavor:Google header.", {"content-type": "text/html"}))
        return self._by_email[f"machine@{project_of('main')}.iam.gserviceaccount.com"][0]

    def metadata_token(self, request):
        return self._given(request, self._of_machine(request))

    def metadata_project(self, request):
        account = self._of_machine(request).account
        return Answer(200, project_of(account).encode(), {"content-type": "application/text"})

    # Who shows a token.

    def bearer(self, request):
        """(credential, until when), or (None, 0)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self._tokens.get(token.strip(), (None, 0)) if kind == "Bearer" else (None, 0)
