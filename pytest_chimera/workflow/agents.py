"""The registry of agents, a pluggy plugin manager, and calling their hooks.

Functions run in a thread, and coroutines are awaited; the first answer other than ``None`` counts.
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
    """Every method of a plugin with a hook's name is an implementation, as in pytest."""

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
    """Return a plugin manager with chimera's hooks and these plugins; the last one is called first."""
    manager = _Registry("pytest")
    manager.add_hookspecs(hookspecs)
    for plugin in plugins:
        manager.register(plugin)
    manager.check_pending()
    return manager


class _Hooks(Protocol):
    def __getattr__(self, name: str) -> pluggy.HookCaller: ...


class Agents:
    """Calls the implementations of chimera's hooks.

    :param manager: the plugin manager; ``hooks``: the relay to call through, which may leave out some of its plugins (a
        conftest.py of another folder).
    """

    def __init__(self, manager: pluggy.PluginManager, hooks: _Hooks | None = None) -> None:
        self._manager = manager
        self._hooks = hooks or manager.hook

    def implementers(self, hook: str) -> list[object]:
        """Return the plugins that implement a hook, in call order."""
        implementations = getattr(self._hooks, hook).get_hookimpls()
        return [impl.plugin for impl in reversed(implementations) if not (impl.wrapper or impl.hookwrapper)]

    def take(self, hook: str, argument: str) -> bool:
        """Whether any implementation of a hook accepts this argument."""
        return any(argument in impl.argnames for impl in getattr(self._hooks, hook).get_hookimpls())

    async def ask(self, hook: str, *, settled: Callable[[], Awaitable[bool]] | None = None, **arguments: Any) -> Any:
        """Call the implementations until one answers; return ``None`` if none does.

        :param settled: awaited after each ``None``: whether to stop because the work is done anyway.
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
        """Call all implementations: return (name, answer) for each that answers, in order.

        :param but: the names of plugins that are not called.
        """
        answers = []
        for name, plugin in self.named(hook).items():
            answer = None if name in but else await self._ask_one(hook, plugin, arguments)
            if answer is not None:
                answers.append((name, answer))
        return answers

    def named(self, hook: str) -> dict[str, object]:
        """Return the plugins that implement a hook by their names, in call order."""
        return {self._manager.get_name(each) or type(each).__name__: each for each in self.implementers(hook)}

    async def tell(self, hook: str, **arguments: Any) -> None:
        """Notify all implementations. An error in one is raised: it is the plugin's own."""
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
        if not (caller.spec and caller.spec.opts["firstresult"]):  # otherwise pluggy returns a list of all answers
            answer = answer[0] if answer else None
        return await answer if inspect.isawaitable(answer) else answer
