"""A program that becomes one of PostgreSQL's and ends when its parent does (prctl, PR_SET_PDEATHSIG).

Arguments: the parent's process id; the user id and group id to change to (-1 to stay); the descriptor of a pipe
that the parent holds open (-1 for none); then the command. It is run with the standard library alone.
https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
"""

# All that is imported is imported here: after the change of user Python itself may be out of reach.
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""What Postgres sees of the environment: no PG* variable, no secret; messages in English, times in UTC."""

# The pipe ends without a line when the parent is gone. Postgres names itself in postmaster.pid within moments
# of its start; only the process named there is stopped, because the number may be another process's by then.
WATCH = """
read -r line && exit
for second in 1 2 3 4 5 6 7 8 9 10; do
    read -r pid < postmaster.pid && [ "$pid" = "$1" ] && kill -INT "$pid" && exit
    sleep 1
done 2> /dev/null
"""


def main(arguments: list[str]) -> None:
    """Change user, tie this process to its parent, and become the command."""
    parent, user, group, lifeline = (int(text) for text in arguments[:4])
    command = arguments[4:]
    become(user, group)
    if lifeline >= 0:
        watch(lifeline, command[command.index("-D") + 1])
    else:
        end_with_parent()
    if os.getppid() != parent:  # It ended before it was watched.
        sys.exit(1)
    os.execve(command[0], command, ENVIRONMENT)


def become(user: int, group: int) -> None:
    """Give up the rights of root for good."""
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)


def end_with_parent() -> None:
    """Ask Linux for SIGINT, Postgres' fast shutdown, when the parent ends; a change of user would forget it."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0:
        sys.exit("prctl: " + os.strerror(ctypes.get_errno()))


def watch(lifeline: int, folder: str) -> None:
    """Leave a process behind that stops Postgres when the pipe ends; being nobody's child, it is none of Postgres'."""
    me = os.getpid()
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            os.chdir(folder)
            os.dup2(lifeline, 0)
            os.closerange(3, 256)  # The lock on the data folder among them: it is Postgres' alone.
            os.execve("/bin/sh", ["/bin/sh", "-c", WATCH, "sh", str(me)], ENVIRONMENT)
        os._exit(0)
    os.waitpid(between, 0)
    os.close(lifeline)


if __name__ == "__main__":
    main(sys.argv[1:])
