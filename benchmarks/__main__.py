"""The command ``python -m benchmarks``: run one benchmark, show it, and keep its results."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from benchmarks.registry import DESCRIPTIONS, benchmark
from benchmarks.report import as_json, as_markdown, print_table, rewrite_section

README = Path(__file__).parent / "README.md"


@click.command()
@click.argument("name", type=click.Choice(sorted(DESCRIPTIONS)), required=False)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the results here."
)
@click.option("--quick", is_flag=True, help="Smaller graphs: done within a minute.")
@click.option("--readme", is_flag=True, help="Replace this benchmark's table in the README.")
@click.option("--list", "show_list", is_flag=True, help="What each benchmark measures.")
@click.option("--names", "show_names", is_flag=True, help="Only the names, one per line.")
def main(
    name: str | None,
    json_file: Path | None,
    quick: bool,
    readme: bool,
    show_list: bool,
    show_names: bool,
) -> None:
    """Run the benchmark NAME and print its table, with every reference that is installed."""
    if show_names:
        click.echo("\n".join(DESCRIPTIONS))
        return
    if show_list or name is None:
        width = max(map(len, DESCRIPTIONS))
        for known, description in DESCRIPTIONS.items():
            click.echo(f"{known:{width}}  {description}")
        return
    if quick and readme:
        raise click.UsageError("--readme keeps full-size results; leave --quick out")
    rows = benchmark(name)(quick)
    print_table(name, rows, Console())
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(rows), indent=2) + "\n")
    if readme:
        page = rewrite_section(README.read_text(), name, as_markdown(rows, date.today()))
        README.write_text(page)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
