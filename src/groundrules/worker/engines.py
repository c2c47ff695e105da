"""Counting the engines that an application connects with."""

from groundrules.worker.protocol import JSON


class Engines:
    """Counts the engines of this process that have connected since this was first asked.

    An engine with other options, from `execution_options()`, has the dialect of the one that it is made of.
    """

    def __init__(self) -> None:
        self._dialects: list[object] | None = None

    async def count(self) -> JSON:
        """Return how many they are."""
        if self._dialects is None:
            self._dialects = self._watched()
        return len(self._dialects)

    def _watched(self) -> list[object]:
        from sqlalchemy import Connection, Engine, event

        seen: list[object] = []

        @event.listens_for(Engine, "engine_connect")
        def note(connection: Connection) -> None:
            if not any(connection.dialect is each for each in seen):
                seen.append(connection.dialect)

        return seen
