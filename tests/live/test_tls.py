"""TLS: HTTP/2, custom domains by SNI with certificates from ACM, and mutual TLS with a truststore in S3."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.live.daemon import Daemon

NAME = "api.example.test"


class Signed:
    """A certificate and its key; signed by ``issuer``, or by itself."""

    def __init__(self, name: str, issuer: Signed | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
        )
        self.certificate = builder.sign(issuer.key if issuer else self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    def write(self, path: Path) -> tuple[str, str]:
        """Certificate and key as files."""
        (path.with_suffix(".pem")).write_bytes(self.pem)
        (path.with_suffix(".key")).write_bytes(self.key_pem)
        return str(path.with_suffix(".pem")), str(path.with_suffix(".key"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: Any) -> Iterator[tuple[Daemon, Path, Signed, Signed]]:
    """A daemon on TLS with a custom domain that wants client certificates; the domain's certificate, the authority."""
    import boto3

    folder = tmp_path_factory.mktemp("tls")
    own, domain, authority = Signed("localhost"), Signed(NAME), Signed("authority.test")
    certificate, key = own.write(folder / "own")
    daemon = Daemon(
        "--listen", "tcp:0:interface=127.0.0.1",
        listen=f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={certificate}",
    ).wait()
    plain = _wait_for_plain(daemon)
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    client = {each: session.client(each, endpoint_url=plain) for each in ("apigateway", "acm", "s3")}
    arn = client["acm"].import_certificate(Certificate=domain.pem, PrivateKey=domain.key_pem)["CertificateArn"]
    client["s3"].create_bucket(Bucket="truststores")
    client["s3"].put_object(Bucket="truststores", Key="ca.pem", Body=authority.pem)
    gateway = client["apigateway"]
    api = gateway.create_rest_api(name="tls")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(authorizationType="NONE", **where)
    gateway.put_integration(type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}, **where)
    gateway.put_method_response(statusCode="200", **where)
    template = '{"subject": "$context.identity.clientCert.subjectDN"}'
    gateway.put_integration_response(statusCode="200", responseTemplates={"application/json": template}, **where)
    gateway.create_deployment(restApiId=api, stageName="prod")
    gateway.create_domain_name(
        domainName=NAME, regionalCertificateArn=arn, securityPolicy="TLS_1_2",
        endpointConfiguration={"types": ["REGIONAL"]},
        mutualTlsAuthentication={"truststoreUri": "s3://truststores/ca.pem"},
    )
    gateway.create_base_path_mapping(domainName=NAME, restApiId=api, stage="prod")
    for each in client.values():
        each.close()
    yield daemon, folder, domain, authority
    daemon.stop()


def _wait_for_plain(daemon: Daemon) -> str:
    for _ in range(100):
        plain = [url for url in daemon.urls if url.startswith("http:")]
        if plain:
            return plain[0]
        daemon._reader.join(0.05)
    raise AssertionError(daemon.log)


def _port(daemon: Daemon) -> int:
    return int(next(url for url in daemon.urls if url.startswith("https")).rpartition(":")[2])


def _ask(daemon: Daemon, domain: Signed, files: tuple[str, str] | None = None) -> tuple[int, Any]:
    context = ssl.create_default_context(cadata=domain.pem.decode())
    if files is not None:
        context.load_cert_chain(*files)
    raw = socket.create_connection(("127.0.0.1", _port(daemon)), 10)
    with raw, context.wrap_socket(raw, server_hostname=NAME) as secure:
        secure.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := secure.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_mutual_tls(world: tuple[Daemon, Path, Signed, Signed]) -> None:
    daemon, folder, domain, authority = world
    mine = Signed("client.test", authority).write(folder / "mine")
    assert _ask(daemon, domain, mine) == (200, {"subject": "CN=client.test"})


def test_mutual_tls_refuses_strangers(world: tuple[Daemon, Path, Signed, Signed]) -> None:
    daemon, folder, domain, _ = world
    assert _ask(daemon, domain) == (403, {"message": "Forbidden"})
    stranger = Signed("client.test", Signed("nobody.test")).write(folder / "stranger")
    assert _ask(daemon, domain, stranger) == (403, {"message": "Forbidden"})


def test_http2(world: tuple[Daemon, Path, Signed, Signed]) -> None:
    daemon, folder, _, _ = world
    url = f"https://localhost:{_port(daemon)}"
    done = daemon.shell(f"curl -s --http2 --cacert {folder}/own.pem -w ' %{{http_version}}' {url}/restapis")
    body, _, version = done.stdout.rpartition(" ")
    assert (version, json.loads(body)["item"][0]["name"]) == ("2", "tls"), done.stderr
    done = daemon.shell(f"curl -s --http2 --cacert {folder}/own.pem -d '{{\"name\":\"two\"}}' {url}/restapis")
    assert json.loads(done.stdout)["name"] == "two", daemon.log
