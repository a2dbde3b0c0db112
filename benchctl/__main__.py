"""`python -m benchctl`: the command line of the interpreter that was named, whatever is on the path."""

from benchctl.cli.main import run

if __name__ == "__main__":
    run()
