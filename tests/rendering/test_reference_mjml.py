"""The reference compiler has no complaint about our templates, which mrml would keep to itself."""

import subprocess
from pathlib import Path

from newsletter.rendering.folders import Folders, packaged_templates
from newsletter.rendering.mjml import assemble
from tests.tools import MJML, needs_mjml


@needs_mjml
def test_the_reference_mjml_accepts_every_template_strictly(tmp_path: Path) -> None:
    folders = Folders()
    bodies = [
        f"{template.name}/body.mjml.j2"
        for template in packaged_templates().iterdir()
        if template.joinpath("body.mjml.j2").is_file()
    ]
    assert "daily/body.mjml.j2" in bodies
    for name in bodies:
        file = tmp_path / name.replace("/", "-").removesuffix(".j2")
        file.write_text(assemble(folders.read(name), folders.read).text, encoding="utf-8")

        check = subprocess.run(
            [str(MJML), "--config.validationLevel=strict", str(file), "-o", str(tmp_path / "out.html")],
            capture_output=True,
            text=True,
            check=False,
        )

        assert (check.returncode, check.stderr) == (0, ""), name
        assert "{{ subject }}" in (tmp_path / "out.html").read_text(encoding="utf-8")
