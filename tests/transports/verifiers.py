"""What checks our DKIM signatures: dkimpy and OpenDKIM of the system, with our own DNS.

Both stay outside the virtual environment: dkimpy's own RSA is slow and we need it nowhere else.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_PYTHON = "/usr/bin/python3"  # Debian's, with python3-dkim
_OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin") or "opendkim"
_DKIMPY = """
import json, sys, dkim
records = json.loads(sys.argv[1])
message = dkim.DKIM(sys.stdin.buffer.read(), minkey=0)
answers = {name.encode() + b".": value.encode() for name, value in records.items()}
count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
def verified(number):
    try:
        return message.verify(number, dnsfunc=lambda name, timeout=5: answers.get(name))
    except dkim.DKIMException:
        return False
print(json.dumps([verified(number) for number in range(count)]))
"""


def _has_dkimpy() -> bool:
    if not Path(_PYTHON).exists():
        return False
    return subprocess.run([_PYTHON, "-c", "import dkim"], capture_output=True, check=False).returncode == 0


needs_dkimpy = pytest.mark.skipif(not _has_dkimpy(), reason="python3-dkim is missing: make tools")
needs_opendkim = pytest.mark.skipif(not shutil.which(_OPENDKIM), reason="OpenDKIM is missing: make tools")


def dkimpy_verifies(message: bytes, records: Mapping[str, str]) -> list[bool]:
    """Return, for every signature, whether dkimpy finds it good; ``records`` are the DNS."""
    ran = subprocess.run(
        [_PYTHON, "-c", _DKIMPY, json.dumps(dict(records))], input=message, capture_output=True, check=True
    )
    return json.loads(ran.stdout)


def opendkim_verifies(message: bytes, records: Mapping[str, str], folder: Path) -> str:
    """Return what OpenDKIM says of ``message``; ``records`` are the DNS."""
    (folder / "m.eml").write_bytes(message)
    (folder / "dns").write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    (folder / "od.conf").write_text(f"Mode v\nTestDNSData {folder / 'dns'}\nTemporaryDirectory {folder}\n")
    ran = subprocess.run(
        [_OPENDKIM, "-t", str(folder / "m.eml"), "-x", str(folder / "od.conf"), "-v", "-v"],
        capture_output=True,
        check=False,
    )
    return (ran.stdout + ran.stderr).decode()
