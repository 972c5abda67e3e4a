"""The command ``verify``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_context
def verify_command(ctx: click.Context, folder: Path) -> None:
    """Check that the package in DIR is whole, and that all it says of itself agrees.

    Each file is compared with its checksum; what the metadata say of version, day, licence,
    sizes and counts with the release and with the files; the statements with the digest that
    the release is called after; the tables with their number of rows.

    \b
    Examples:
      stancegraph verify package
      stancegraph verify package && echo whole

    One line a finding: the file, what is wrong, what to do. Exit status: 1 with any.
    """  # noqa: D301 - click's mark for lines to keep
    from stancegraph.package.verify import verify  # noqa: PLC0415 - only this needs it

    found = verify(folder)
    for finding in found:
        click.echo(str(finding))
    if found:
        count = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
        click.echo(f"stancegraph: {folder} is not as it should be: {count}", err=True)
        ctx.exit(1)
    click.echo(f"{folder} is whole")
