"""The folder of the journals, in pytest's cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pytest_chimera.errors import state_out_of_reach
from pytest_chimera.markers import cache_of
from pytest_chimera.system.own_paths import refuse_links


def state_folder(config: Any) -> Path | None:
    """The folder of the journals, made where there is none; ``None`` without a cache.

    :raises StateError: it leads elsewhere through a link; nothing was written.
    :raises StateOutOfReach: it cannot be made.
    """
    cache = cache_of(config)
    if cache is None:
        return None
    place = Path(os.path.normpath(cache._cachedir), "d", "chimera")
    try:
        refuse_links(config.rootpath, place)
        return Path(cache.mkdir("chimera"))
    except OSError as error:
        raise state_out_of_reach(place, error) from error
