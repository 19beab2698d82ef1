"""tramy client: the programs that may sign in, each with its keys, scopes and places."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from app.access import clients
from app.access.clients import Client, require_id, require_organization
from app.cli.client_keys import Given, given_keys
from app.cli.client_shown import show_clients
from app.cli.console import err, out
from app.cli.database import database, settings
from app.cli.granting import places_of, scopes_of
from app.cli.recorded import Deed, record
from app.errors import NotFound
from app.store.database import Connection
from app.store.pool import alone
from app.store.version import require_newest

T = TypeVar("T")
client = typer.Typer(no_args_is_help=True, help="The programs that may sign in · Phần mềm được phép đăng nhập")

Id = Annotated[str, typer.Argument(help="The id of the program.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result for programs.")]
Jwks = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="File with its public keys (JWKS).")]
JwksUrl = Annotated[str, typer.Option(help="Where it publishes its keys; the host is listed in TRAMY_OUTBOUND_HOSTS.")]
Generate = Annotated[Path | None, typer.Option(dir_okay=False, help="Make a key pair, the private key into this file.")]


@client.command("add")
def add(
    identifier: Id,
    scope: Annotated[list[str] | None, typer.Option(help="What it may do, such as system/Patient.rs.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Whose people it may see: 00004, 24, VN, 00004@2004.")] = None,
    organization: Annotated[str, typer.Option(help="Who runs it, such as Organization/tyt-1.")] = "",
    name: Annotated[str, typer.Option(help="Its name for people.")] = "",
    jwks: Jwks = None,
    jwks_url: JwksUrl = "",
    generate: Generate = None,
    rate_limit: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Requests a minute; without it, those of all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register a program with its public keys. Without a place and an organisation it sees nobody.

    Example: tramy client add tyt-1 --scope system/*.cruds --place 00004 --jwks keys.json
    """
    chosen, now = settings(), datetime.now(UTC)
    require_id(identifier)
    grants, places = scopes_of(scope or []), places_of(place or [], chosen, now)
    run_by = require_organization(organization)
    keys = given_keys(identifier, Given(jwks, jwks_url, generate), chosen)
    made = Client(
        identifier,
        name or identifier,
        run_by,
        grants.text,
        places,
        keys.jwks,
        keys.url,
        rate_limit,
        clients.new_generation(),
        now,
    )

    async def register(connection: Connection) -> None:
        await clients.add(connection, made)
        keys.write()
        await record(connection, Deed("client-add", identifier, f"{grants.text} · {' '.join(places)} · {run_by}"), now)

    _run(register)
    if not places and not run_by:
        err.print(
            "It has neither a place nor an organisation and sees nobody · Không có địa bàn hay cơ sở: không thấy ai."
        )
    show_clients([made], as_json)


@client.command("list")
def listing(as_json: AsJson = False) -> None:
    """List the programs with scopes, places and state.

    Example: tramy client list
    """
    show_clients(_run(clients.listed), as_json)


@client.command("show")
def show(identifier: Id, as_json: AsJson = False) -> None:
    """Show one program.

    Example: tramy client show tyt-1 --json
    """

    async def read(connection: Connection) -> list[Client]:
        found = await clients.find(connection, identifier)
        if found is None:
            raise NotFound.of("There is no client of this id.", "Không có phần mềm mang mã này.", "id")
        return [found]

    show_clients(_run(read), as_json)


@client.command("rotate")
def rotate(
    identifier: Id,
    jwks: Jwks = None,
    jwks_url: JwksUrl = "",
    generate: Generate = None,
    keep_tokens: Annotated[bool, typer.Option("--keep-tokens", help="Let tokens of the old keys run out.")] = False,
) -> None:
    """Give a program other keys in place of those it has; tokens it got with the old ones end at once.

    Example: tramy client rotate tyt-1 --jwks new-keys.json
    """
    now = datetime.now(UTC)
    keys = given_keys(identifier, Given(jwks, jwks_url, generate), settings())

    async def turn(connection: Connection) -> None:
        await clients.rotate(connection, identifier, keys.jwks, keys.url, now, keep=keep_tokens)
        keys.write()
        await record(connection, Deed("client-rotate", identifier), now)

    _run(turn)
    out.print(f"{identifier}: rotated · đã thay khóa", markup=False)


@client.command("disable")
def disable(identifier: Id) -> None:
    """Let a program sign in no more; its tokens end at once.

    Example: tramy client disable tyt-1
    """
    now = datetime.now(UTC)
    _run(_changing(lambda connection: clients.disable(connection, identifier, now), Deed("client-disable", identifier)))
    out.print(f"{identifier}: disabled · đã khóa", markup=False)


@client.command("enable")
def enable(identifier: Id) -> None:
    """Let a program sign in again; tokens of before stay ended.

    Example: tramy client enable tyt-1
    """
    _run(_changing(lambda connection: clients.enable(connection, identifier), Deed("client-enable", identifier)))
    out.print(f"{identifier}: enabled · đã mở lại", markup=False)


@client.command("remove")
def remove(identifier: Id) -> None:
    """Forget a program; its tokens end at once. What it did stays in the audit.

    Example: tramy client remove tyt-1
    """
    _run(_changing(lambda connection: clients.remove(connection, identifier), Deed("client-remove", identifier)))
    out.print(f"{identifier}: removed · đã xóa", markup=False)


def _changing(change: Callable[[Connection], Awaitable[None]], deed: Deed) -> Callable[[Connection], Awaitable[None]]:
    """Return a change together with its line in the audit."""

    async def changed(connection: Connection) -> None:
        await change(connection)
        await record(connection, deed)

    return changed


def _run(work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do something in one transaction on the database of the settings."""

    async def within(url: str) -> T:
        await require_newest(url)
        async with alone(url) as connection, connection.transaction():
            return await work(connection)

    with database(settings()) as url:
        return asyncio.run(within(url))
