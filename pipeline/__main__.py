"""The command line: `academe`. Heavy imports happen inside the commands that need them: --help is quick."""

import sys

import typer

from pipeline.commands import growing, looking, publishing, running

app = typer.Typer(
    name="academe",
    help="Instruction-tuning data from a taxonomy of human knowledge, and from your own documents.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # a local may hold a key
)
for command in (
    running.run,
    running.plan,
    looking.status,
    looking.show,
    looking.report,
    publishing.publish,
    looking.gc,
):
    app.command()(command)
app.add_typer(growing.app, name="taxonomy")

if __name__ == "__main__":
    sys.argv[0] = "academe"
    app()
