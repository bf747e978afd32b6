"""Hand-written tests that cannot be judged from outside are refused, with what to write instead."""

from __future__ import annotations

import pytest

from pytest_chimera.errors import PreconditionError
from pytest_chimera.judge import check_handwritten, product_modules
from pytest_chimera.models import GeneratedTest

PATHS = ["shop/__init__.py", "shop/models.py", "src/billing/api.py", "manage.py", "tests/e2e/pages.py", "README.md"]
PRODUCT = product_modules(PATHS)


def written(source: str) -> GeneratedTest:
    return GeneratedTest(source=source, path="tests/e2e/test_shop.py", name="test_shop")


def test_the_projects_own_modules_are_found_in_its_paths() -> None:
    assert {"shop", "billing", "manage"} == PRODUCT


@pytest.mark.parametrize("line", ["import shop.models", "from shop import models", "from billing.api import charge"])
def test_a_test_that_imports_the_product_is_refused(line: str) -> None:
    with pytest.raises(PreconditionError, match="cannot import the application") as caught:
        check_handwritten(written(f"import re\n{line}\n\ndef test_shop(page): ...\n"), product=PRODUCT)
    assert caught.value.where == "tests/e2e/test_shop.py:2"
    assert "preparing line of chimera_serve" in caught.value.remedy


def test_a_conftest_that_imports_the_product_is_refused() -> None:
    files = {"tests/e2e/conftest.py": b"from shop.models import Order\n"}
    with pytest.raises(PreconditionError) as caught:
        check_handwritten(written("def test_shop(page): ...\n"), files, PRODUCT)
    assert caught.value.where == "tests/e2e/conftest.py:1"


@pytest.mark.parametrize(("fixture", "remedy"), [("live_server", "chimera_serve"), ("db", "preparing line")])
def test_a_fixture_of_the_products_is_refused(fixture: str, remedy: str) -> None:
    with pytest.raises(PreconditionError, match=fixture) as caught:
        check_handwritten(written(f"def test_shop(page, {fixture}): ...\n"), product=PRODUCT)
    assert remedy in caught.value.remedy


def test_what_the_end_to_end_folder_brings_along_is_allowed() -> None:
    files = {"tests/e2e/shop.py": b"", "tests/e2e/conftest.py": b"import re\n"}
    check_handwritten(written("import shop\nfrom .pages import Basket\n\ndef test_shop(page): ...\n"), files, PRODUCT)


@pytest.mark.parametrize("definition", ["def db(): ...", "async def db(): ..."])
def test_a_fixture_that_the_end_to_end_folder_defines_is_allowed(definition: str) -> None:
    files = {"tests/e2e/conftest.py": f"import pytest\n\n@pytest.fixture\n{definition}\n".encode()}
    check_handwritten(written("def test_shop(page, db): ...\n"), files, PRODUCT)


def test_a_fixture_that_an_asynchronous_test_requests_is_refused_as_well() -> None:
    with pytest.raises(PreconditionError, match="live_server"):
        check_handwritten(written("async def test_shop(page, live_server): ...\n"))
