"""Apache Kafka as a plain Java process: jars fetched once by Maven, checked against kafka.sha256.

The jars are kept under a name that carries the pom's hash, and that directory appears whole or not
at all, so an interrupted download is never mistaken for a broker.
"""

import hashlib
import shutil
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path

from deploy.files import cache_dir, hold_lock
from deploy.local.backend import NativeBackend
from deploy.local.health import broker_answers
from deploy.local.process import StackError, free_ports, progress

VERSION = "4.1.0"
NATIVE = Path(__file__).parent / "native"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
JAVA = ["java", "-XX:+UseSerialGC", "-Dlog4j2.level=WARN"]


def what_is_missing() -> list[str]:
    needed = ["java"] if (home() / "sizes").exists() else ["java", "mvn"]
    return [tool for tool in needed if not shutil.which(tool)]


def native_kafka(state: Path, port: int) -> NativeBackend:
    """A broker that is its own controller, with its data in the state directory."""
    libs = fetch_jars()
    properties = state / "kafka.properties"
    state.mkdir(parents=True, exist_ok=True)
    properties.write_text(server_properties(state / "kafka", port, *free_ports(1, besides=[port])))
    if not (state / "kafka" / "meta.properties").exists():
        format_storage(libs, properties)
    command = [*JAVA, "-Xmx512m", "-cp", f"{libs}/*", "kafka.Kafka", str(properties)]
    address = f"127.0.0.1:{port}"
    check = partial(broker_answers, address)
    return NativeBackend(f"native {VERSION}", address, command, state / "kafka.log", check)


def home() -> Path:
    pom = hashlib.sha256((NATIVE / "pom.xml").read_bytes()).hexdigest()[:12]
    return cache_dir() / f"kafka-{VERSION}-{pom}"


def fetch_jars() -> Path:
    target = home()
    with hold_lock(cache_dir() / "kafka.lock"):
        if not is_complete(target):
            download(target)
    return target


def is_complete(libs: Path) -> bool:
    """The hashes were checked on arrival; sizes are enough to notice later damage."""
    marker = libs / "sizes"
    return marker.exists() and marker.read_text() == sizes(libs)


def download(target: Path) -> None:
    progress(f"fetching Apache Kafka {VERSION} with Maven (once, about 20 s)")
    with tempfile.TemporaryDirectory(dir=cache_dir()) as temporary:
        libs = Path(temporary) / "libs"
        pom = NATIVE / "pom.xml"
        options = ["-DincludeScope=runtime", f"-DoutputDirectory={libs}"]
        run_maven(["mvn", "-q", "-B", "-f", str(pom), COPY_JARS, *options])
        check_hashes(libs)
        (libs / "sizes").write_text(sizes(libs))
        shutil.rmtree(target, ignore_errors=True)
        libs.rename(target)


def run_maven(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if result.returncode:
        raise StackError(f"Maven could not fetch Kafka's jars:\n{result.stdout[-1500:]}")


def check_hashes(libs: Path) -> None:
    lines = (NATIVE / "kafka.sha256").read_text().splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    actual = {jar.name: sha256(jar) for jar in libs.glob("*.jar")}
    if actual != expected:
        wrong = sorted(name for name, _ in actual.items() ^ expected.items())
        raise StackError(f"jars differ from kafka.sha256: {', '.join(dict.fromkeys(wrong))}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sizes(libs: Path) -> str:
    return "".join(f"{jar.name} {jar.stat().st_size}\n" for jar in sorted(libs.glob("*.jar")))


def format_storage(libs: Path, properties: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)
    tool = [*JAVA, "-cp", f"{libs}/*", "kafka.tools.StorageTool", "format", "--standalone"]
    command = [*tool, "-t", cluster, "-c", str(properties)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if result.returncode:
        raise StackError(f"Kafka could not format its storage:\n{result.stderr[-1500:]}")


def server_properties(data: Path, port: int, controller_port: int) -> str:
    return f"""\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
log.message.timestamp.type=LogAppendTime
message.max.bytes=4194304
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=2000
# After kill -9 the broker comes back only once its old registration has expired.
broker.session.timeout.ms=2500
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
log.cleaner.dedupe.buffer.size=16777216
"""
