"""The check of a file, by type: what it costs in a child against the same check in this process, and its peak memory.

Small files say what a child costs, files of about 10 MB what the check itself costs; a tenth of that with ``--quick``.
The peak is that of the child, parsers included. Beside it: a new Python for each file, which is the plain way. Ratios
of child and process are over the sums of all types; no file may take more than 5 seconds of CPU.
"""

import io
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from benchmarks import _report as report
from files.child import Checker
from files.confinement import ChildLimits
from files.enums import MediaKind
from files.verdict import Verdict

LARGE = 9_900_000  # bytes, about
ROUNDS = 5
SLOWEST_SECONDS = 5.0


def with_peak(stream: BinaryIO, name: str) -> Verdict:
    """A check that says in its detail how much memory the child had at most, in kilobytes, and its CPU seconds."""
    from files.checker import check_document

    verdict = check_document(stream, name)
    used = resource.getrusage(resource.RUSAGE_SELF)
    detail = f"{used.ru_maxrss} {used.ru_utime + used.ru_stime}"
    return Verdict(verdict.kind, verdict.refusal, detail, verdict.content)


def random_bytes(size: int) -> bytes:
    """Bytes that nothing can pack."""
    return os.urandom(size)


def pdf(size: int) -> bytes:
    """Text, and pictures packed as scanners pack them."""
    import pikepdf

    from files import samples

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.pdf("A CV\n" * 200))) as document:
        for _ in range(size // 500_000):
            document.add_blank_page().Picture = pikepdf.Stream(document, random_bytes(500_000))
        document.save(out)
    return out.getvalue()


def docx(size: int) -> bytes:
    """Text that packs well, and a photograph."""
    from files import samples

    parts = samples.docx_parts("A CV\n" * (1 + size // 100))
    return samples.packed({**parts, "word/media/image1.jpeg": random_bytes(size)} if size else parts)


def odt(size: int) -> bytes:
    """The same as OpenDocument."""
    from files import samples

    parts = samples.odt_parts("A CV\n" * (1 + size // 100))
    return samples.packed({**parts, "Pictures/1.jpg": random_bytes(size)} if size else parts)


def png(size: int) -> bytes:
    """A drawing of up to 40 million pixels that packs to the size."""
    from PIL import Image

    if not size:
        return saved(Image.new("RGB", (400, 300), "navy"), "PNG")
    width, height = (8_000, 5_000) if size == LARGE else (2_500, 1_600)
    noise = size * 9 // 10 // height
    rows = b"".join(b"\0" + random_bytes(noise) + bytes(3 * width - noise) for _ in range(height))
    from tests.factories import pictures

    body = pictures.header(width, height) + pictures.chunk(b"IDAT", zlib.compress(rows, 1))
    return pictures.PNG_SIGNATURE + body + pictures.chunk(b"IEND", b"")


def jpeg(size: int) -> bytes:
    """A photograph of up to 40 million pixels, progressive, which costs a decoder most."""
    from PIL import Image

    if not size:
        return saved(Image.new("RGB", (400, 300), "navy"), "JPEG")
    width, height = (8_000, 5_000) if size == LARGE else (2_500, 1_600)
    picture = Image.effect_noise((width // 4, height // 4), 90).convert("RGB").resize((width, height))
    return saved(picture, "JPEG", quality=40, progressive=True)


def saved(picture: "object", kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)  # type: ignore[attr-defined]
    return out.getvalue()


MAKERS: dict[MediaKind, Callable[[int], bytes]] = {
    MediaKind.PDF: pdf,
    MediaKind.DOCX: docx,
    MediaKind.ODT: odt,
    MediaKind.PNG: png,
    MediaKind.JPEG: jpeg,
}


def seconds_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def new_python(path: str) -> None:
    """Check a file in a Python of its own."""
    code = "import sys; from files.checker import check_document; check_document(open(sys.argv[1], 'rb'), '')"
    subprocess.run([sys.executable, "-c", code, path], check=True)


def main() -> None:
    """Measure and report."""
    options = report.arguments("checker", __doc__ or "")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from files.checker import check_document

    large, rounds = (LARGE // 10, 2) if options.quick else (LARGE, ROUNDS)
    ratios: dict[str, float] = {}
    peaks: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(Path(folder) / "slots", work="benchmarks.checker:with_peak", limits=ChildLimits())
        for label, size in (("small", 0), ("large", large)):
            rows, children, in_process = [], [], []
            for kind, make in MAKERS.items():
                path = Path(folder) / f"{label}.{kind}"
                path.write_bytes(make(size))
                with path.open("rb") as file:
                    verdict = checker.check(file, "")
                    assert (verdict.kind, verdict.refusal) == (kind, None), verdict.detail
                    within, inside = report.in_turn(
                        rounds,
                        lambda file=file: seconds_of(lambda: checker.check(file, "")),  # type: ignore[misc]
                        lambda file=file: seconds_of(lambda: check_document(file, "")),  # type: ignore[misc]
                    )
                name = f"{kind} {path.stat().st_size / 1_000_000:.1f} MB"
                rows += [(f"{name}, child", within), (f"{name}, in process", inside)]
                children.append(report.median(within))
                in_process.append(report.median(inside))
                kilobytes, seconds = verdict.detail.split()
                peaks.append(int(kilobytes) * 1024 / 1_000_000)
                cpu.append(float(seconds))
                print(f"{name}: peak {peaks[-1]:.0f} MB, {cpu[-1]:.2f} s of CPU")
            report.table(rows)
            ratios[f"{label}_child_vs_in_process"] = sum(children) / sum(in_process)
        plain, forked = report.in_turn(
            rounds,
            lambda: seconds_of(lambda: new_python(f"{folder}/small.PDF")),
            lambda: seconds_of(lambda: checker.check(io.BytesIO(Path(f"{folder}/small.PDF").read_bytes()), "")),
        )
        report.table([("PDF, child", forked), ("PDF, new Python", plain)])
        checker.close()
    ratios |= {"new_python_vs_child": report.median(plain) / report.median(forked), "peak_mb": max(peaks)}
    ratios["slowest_cpu_seconds"] = max(cpu)
    goals_met = (
        ratios["large_child_vs_in_process"] <= 1.3
        and ratios["new_python_vs_child"] >= 10
        and ratios["slowest_cpu_seconds"] <= SLOWEST_SECONDS
    )
    report.finish("checker", ratios, goals_met=goals_met, quick=options.quick)


if __name__ == "__main__":
    main()
