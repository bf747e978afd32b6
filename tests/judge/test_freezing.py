"""Which node ids must pass, and the library's own executor."""

from __future__ import annotations

import textwrap
from pathlib import Path

import anyio
import pytest

from pytest_chimera.errors import PreconditionError
from pytest_chimera.judge import TestExecutor, freeze
from pytest_chimera.models import GeneratedTest
from tests.judge.conftest import HEADER, TODOS, body, sealed
from tests.judge.pages import Serve

PATH = "tests/e2e/test_shop.py"


def frozen(source: str, name: str = "test_shop", files: dict[str, bytes] | None = None) -> tuple[str, ...]:
    test = GeneratedTest(source=textwrap.dedent(source), path=PATH, name=name)
    return anyio.run(lambda: freeze(test, handwritten=True, e2e_files=files))


def test_a_generated_test_has_one_node_id_and_nothing_is_started() -> None:
    test = GeneratedTest(source="def test_shop(page): ...", path=PATH, name="test_shop")
    assert anyio.run(lambda: freeze(test)) == (f"{PATH}::test_shop",)


def test_a_hand_written_test_has_one_node_id_for_each_set_of_its_parameters() -> None:
    source = """
    import pytest

    @pytest.mark.feature("The shop sells things")
    @pytest.mark.parametrize("what", ["Milk", "Bread"])
    def test_shop(page, what): ...

    def test_shop_closes(page): ...
    """
    assert frozen(source) == (f"{PATH}::test_shop[Milk]", f"{PATH}::test_shop[Bread]")


def test_a_method_is_found_by_its_name() -> None:
    assert frozen("class TestShop:\n    def test_shop(self, page): ...\n") == (f"{PATH}::TestShop::test_shop",)


def test_parameters_that_the_conftest_gives_count_too() -> None:
    conftest = b"def pytest_generate_tests(metafunc):\n    metafunc.parametrize('what', ['Milk', 'Bread'])\n"
    nodeids = frozen("def test_shop(page, what): ...\n", files={"tests/e2e/conftest.py": conftest})
    assert nodeids == (f"{PATH}::test_shop[Milk]", f"{PATH}::test_shop[Bread]")


def test_a_test_that_imports_the_product_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(PreconditionError) as caught:
        frozen("import pytest\nfrom shop_of_the_project import models\n\ndef test_shop(page): ...\n")
    assert "No module named 'shop_of_the_project'" in str(caught.value)
    assert f"{PATH}:2" in caught.value.where
    assert "no product code" in caught.value.remedy


def test_a_generated_test_imports_the_sealed_step_functions_beside_it_and_no_conftest() -> None:
    source = (
        "import pytest\n\nfrom .steps import pay\n\n\n@pytest.mark.parametrize('n', [1])\ndef test_shop(page, n): ...\n"
    )
    helpers = {
        "tests/e2e/steps.py": b"from tests.e2e.more import money\nfrom e2e.more import money\n\ndef pay(page): ...\n",
        "tests/e2e/more.py": b"money = 1\n",
        "tests/e2e/conftest.py": b"raise RuntimeError('it is not loaded')\n",
    }
    test = GeneratedTest(source=source, path=PATH, name="")
    assert anyio.run(lambda: freeze(test, handwritten=True, helpers=helpers)) == (f"{PATH}::test_shop[1]",)


def test_a_name_that_is_not_collected_is_said() -> None:
    with pytest.raises(PreconditionError, match="no test called test_shop in") as caught:
        frozen("def test_other(page): ...\n")
    assert "Warning" not in str(caught.value)


def test_files_outside_the_end_to_end_folder_are_refused() -> None:
    with pytest.raises(PreconditionError, match="lies outside"):
        frozen("def test_shop(page): ...\n", files={"../conftest.py": b""})


@pytest.mark.browser
def test_the_executor_runs_every_test_of_a_source(serve: Serve, tmp_path: Path) -> None:
    source = HEADER + "\n\n\n".join(
        body('page.goto("/")', f'expect(page.get_by_text("{word}")).to_be_visible()').replace("_todos", f"_{word}")
        for word in ("Milk", "Bread")
    )
    executor = TestExecutor(patience=0.5)
    run = anyio.run(lambda: executor.execute(source, serve({"/": TODOS}).url, tmp_path))
    assert [nodeid.partition("::")[2] for nodeid in run.passed] == ["test_Milk"]
    assert [failure.nodeid.partition("::")[2] for failure in run.failures] == ["test_Bread"]


@pytest.mark.browser
def test_the_executor_runs_a_generated_and_a_sealed_test(serve: Serve) -> None:
    test = sealed(body('page.goto("/")', 'expect(page.get_by_text("Milk")).to_be_visible()'))
    url = serve({"/": TODOS}).url
    assert anyio.run(TestExecutor().execute, test, url).status == "green"
    assert anyio.run(TestExecutor().execute, test.test, url).status == "green"
