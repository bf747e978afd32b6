"""The registry of agents, and one way to ask them: a pluggy plugin manager.

Sync functions run in a thread, async ones are awaited; the first answer that is not ``None`` counts.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
import pluggy

from pytest_chimera import hookspecs


class _Registry(pluggy.PluginManager):
    """Every method of a plugin that bears a hook's name is an implementation, as in pytest."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        marked = super().parse_hookimpl_opts(plugin, name)
        if marked is not None or not name.startswith("pytest_chimera_"):
            return marked
        if not inspect.isroutine(getattr(plugin, name, None)):
            return None
        return pluggy.HookimplOpts(
            wrapper=False, hookwrapper=False, optionalhook=False, tryfirst=False, trylast=False, specname=None
        )


def registry_of(plugins: Iterable[object]) -> pluggy.PluginManager:
    """A plugin manager that knows chimera's hooks and these plugins; the last one given is asked first."""
    manager = _Registry("pytest")
    manager.add_hookspecs(hookspecs)
    for plugin in plugins:
        manager.register(plugin)
    manager.check_pending()
    return manager


class _Hooks(Protocol):
    def __getattr__(self, name: str) -> pluggy.HookCaller: ...


class Agents:
    """Asks and tells whoever implements chimera's hooks.

    :param manager: the plugin manager; ``hooks`` the relay to call through, which may leave out some of its plugins (a
        conftest.py of another folder).
    """

    def __init__(self, manager: pluggy.PluginManager, hooks: _Hooks | None = None) -> None:
        self._manager = manager
        self._hooks = hooks or manager.hook

    def implementers(self, hook: str) -> list[object]:
        """The plugins that implement a hook, in the order in which they are asked."""
        implementations = getattr(self._hooks, hook).get_hookimpls()
        return [impl.plugin for impl in reversed(implementations) if not (impl.wrapper or impl.hookwrapper)]

    def take(self, hook: str, argument: str) -> bool:
        """Whether anybody who implements a hook takes this argument of it."""
        return any(argument in impl.argnames for impl in getattr(self._hooks, hook).get_hookimpls())

    async def ask(self, hook: str, *, settled: Callable[[], Awaitable[bool]] | None = None, **arguments: Any) -> Any:
        """Ask one after the other until somebody answers; ``None`` when nobody does.

        :param settled: asked after each ``None``: whether the matter is settled all the same.
        """
        for plugin in self.implementers(hook):
            answer = await self._ask_one(hook, plugin, arguments)
            if answer is not None:
                return answer
            if settled and await settled():
                return None
        return None

    async def ask_all(
        self, hook: str, *, but: Collection[str] = frozenset(), **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Ask everybody: (who, answer) for each that answers, in order.

        :param but: the names of plugins that are not asked.
        """
        answers = []
        for name, plugin in self.named(hook).items():
            answer = None if name in but else await self._ask_one(hook, plugin, arguments)
            if answer is not None:
                answers.append((name, answer))
        return answers

    def named(self, hook: str) -> dict[str, object]:
        """The plugins that implement a hook by their names, in the order in which they are asked."""
        return {self._manager.get_name(each) or type(each).__name__: each for each in self.implementers(hook)}

    async def tell(self, hook: str, **arguments: Any) -> None:
        """Tell everybody. An event's own error is an error of the plugin that raised it, and is raised."""
        for plugin in self.implementers(hook):
            await self._ask_one(hook, plugin, arguments)

    async def _ask_one(self, hook: str, plugin: object, arguments: dict[str, Any]) -> Any:
        everybody = {impl.plugin for impl in getattr(self._manager.hook, hook).get_hookimpls() if not impl.wrapper}
        caller = self._manager.subset_hook_caller(hook, everybody - {plugin})
        implementation = getattr(plugin, hook, None)
        if inspect.iscoroutinefunction(implementation):
            answer = caller(**arguments)
        else:
            answer = await anyio.to_thread.run_sync(partial(caller, **arguments), abandon_on_cancel=True)
        if not (caller.spec and caller.spec.opts["firstresult"]):  # then pluggy gives a list of all answers
            answer = answer[0] if answer else None
        return await answer if inspect.isawaitable(answer) else answer
