"""What the judge returns, and that only a test that ran and passed is green."""

from __future__ import annotations

import zipfile
from pathlib import Path

import anyio
import pytest

from pytest_chimera.errors import StateError
from pytest_chimera.judge import Browser, is_vacuous, judge, seal_of
from pytest_chimera.models import Feature, Reason, SealedTest, StepLines, TestRun
from pytest_chimera.scenario import TestGenerator
from tests.judge.conftest import TODOS, Judged, body, cold_and_warm, sealed
from tests.judge.pages import Page, Serve, serving

pytestmark = pytest.mark.browser

SEES_MILK = body('page.goto("/")', 'expect(page.get_by_text("Milk")).to_be_visible()')
SEES_BREAD = body('page.goto("/")', 'expect(page.get_by_text("Bread")).to_be_visible()')


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> TestRun:
    """A run that is green."""
    evidence = tmp_path_factory.mktemp("green")
    says = "<script>console.warn('nearly sold out'); console.log('\\x1b[2J\\ud800\\u202e')</script>"
    with serving({"/": f"{TODOS}{says}"}) as site:
        return anyio.run(lambda: judge(sealed(SEES_MILK), site.url, evidence=evidence, browser=chromium, time_limit=60))


def test_a_test_that_ran_and_passed_is_green(green: TestRun) -> None:
    assert (green.status, green.failures) == ("green", ())
    assert green.passed == ("tests/e2e/test_todos.py::test_todos",)
    assert green.final_url == f"{green.url}/"


def test_the_browser_is_named_with_the_version_that_ran(green: TestRun) -> None:
    assert any(part.isdigit() for part in green.browser.replace(".", " ").split())


def test_a_run_leaves_trace_screenshot_page_snapshot_console_and_log(green: TestRun) -> None:
    evidence = green.evidence
    assert evidence is not None
    assert zipfile.ZipFile(evidence.trace).testzip() is None
    assert Path(evidence.screenshot).read_bytes().startswith(b"\x89PNG")
    assert 'heading "Todos"' in Path(evidence.page).read_text(encoding="utf-8")
    assert "[warning] nearly sold out" in Path(evidence.console).read_text(encoding="utf-8")
    assert not set("\x1b\u202e") & set(Path(evidence.console).read_text(encoding="utf-8"))
    assert "1 passed" in Path(evidence.log).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def twice_red(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> list[tuple[TestRun, bytes]]:
    """The same red on two ports with the same evidence folder, each with its trace as it was right after the run."""
    evidence = tmp_path_factory.mktemp("red")

    def once() -> tuple[TestRun, bytes]:
        with serving({"/": TODOS}) as site:
            run = anyio.run(
                lambda: judge(
                    sealed(SEES_BREAD), site.url, evidence=evidence, browser=chromium, time_limit=60, patience=0.6
                )
            )
        assert run.evidence is not None
        return run, Path(run.evidence.trace).read_bytes()

    return [once(), once()]


def test_evidence_is_never_overwritten(twice_red: list[tuple[TestRun, bytes]]) -> None:
    (first, trace), (second, _) = twice_red
    assert first.evidence is not None
    assert second.evidence is not None
    assert second.evidence.folder == f"{first.evidence.folder}-2"
    assert Path(first.evidence.trace).read_bytes() == trace


def test_the_same_failure_has_the_same_signature_on_another_port(twice_red: list[tuple[TestRun, bytes]]) -> None:
    (first, _), (second, _) = twice_red
    assert first.url != second.url
    assert first.failures[0].signature == second.failures[0].signature


def steps() -> tuple[StepLines, ...]:
    """The steps of a test whose first two lines are a Given and whose third is a Then."""
    return (
        StepLines(keyword="Given", text='I am on the page of "Milk"', first=5, last=6),
        StepLines(keyword="Then", text='I should see "Bread"', first=7, last=7),
    )


def test_a_failed_step_is_named(serve: Serve, judged: Judged) -> None:
    source = body(
        'page.goto("/")',
        'expect(page.get_by_text("Milk")).to_be_visible()',
        'expect(page.get_by_text("Bread")).to_be_visible()',
    )
    failure = judged(sealed(source, steps=steps()), serve({"/": TODOS}).url).failures[0]
    assert (failure.reason, failure.keyword, failure.step) == (Reason.MISSING_ELEMENT, "Then", 'I should see "Bread"')
    assert (failure.line, failure.code) == (7, 'expect(page.get_by_text("Bread")).to_be_visible()')


def test_a_given_that_does_not_hold_is_no_right_red(serve: Serve, judged: Judged) -> None:
    source = body(
        'page.goto("/")',
        'expect(page.get_by_text("Butter")).to_be_visible()',
        'expect(page.get_by_text("Bread")).to_be_visible()',
    )
    failure = judged(sealed(source, steps=steps()), serve({"/": TODOS}).url).failures[0]
    assert failure.reason is Reason.GIVEN_FAILED
    assert 'I am on the page of "Milk"' in failure.message


LOGIN = "<h1>Welcome</h1><form><label>Password <input type=password></label></form>"


def test_a_log_in_page_that_a_step_asked_for_is_the_features_own(serve: Serve, judged: Judged) -> None:
    site = serve({"/": Page(status=302, headers={"Location": "/login"}), "/login": LOGIN})
    source = SEES_BREAD.replace("    expect(", "    # logs in\n    expect(")
    failure = judged(sealed(source), site.url).failures[0]
    assert failure.reason is Reason.MISSING_ELEMENT, failure.message


def test_an_error_in_the_source_is_the_tests_own(serve: Serve, judged: Judged) -> None:
    failure = judged(sealed(body('page.goto("/"')), serve({"/": TODOS}).url).failures[0]
    assert failure.reason is Reason.SCRIPT_ERROR
    assert "tests/e2e/test_todos.py" in failure.message
    assert failure.line == 5


def test_a_module_that_cannot_be_imported_is_the_tests_own(serve: Serve, judged: Judged) -> None:
    failure = judged(sealed("import todos_that_are_nowhere\n\n\n" + SEES_MILK), serve({"/": TODOS}).url).failures[0]
    assert failure.reason is Reason.SCRIPT_ERROR
    assert "ModuleNotFoundError: No module named 'todos_that_are_nowhere'" in failure.message


def test_a_process_that_ends_with_0_and_proved_nothing_is_not_green(serve: Serve, judged: Judged) -> None:
    source = "import os\n\n\n" + body('page.goto("/")', "os._exit(0)")
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert (run.status, run.failures[0].reason) == ("red", Reason.JUDGE_BROKEN)
    assert "exited 0" in run.failures[0].message


def test_a_test_without_node_ids_is_not_green(serve: Serve, judged: Judged) -> None:
    test = sealed(SEES_MILK).model_copy(update={"nodeids": ()})
    run = judged(test, serve({"/": TODOS}).url)
    assert (run.status, run.failures[0].reason) == ("red", Reason.NO_EVIDENCE)


def test_a_module_without_tests_is_not_green(serve: Serve, judged: Judged) -> None:
    run = judged(sealed("def helper() -> None:\n    pass\n"), serve({"/": TODOS}).url)
    assert (run.status, run.failures[0].reason) == ("red", Reason.NO_EVIDENCE)


def test_one_of_several_tests_that_fails_makes_it_red(serve: Serve, judged: Judged) -> None:
    source = (
        "import pytest\n\n\n"
        + '@pytest.mark.parametrize("what", ["Milk", "Bread"])\n'
        + body('page.goto("/")', "expect(page.get_by_text(what)).to_be_visible()").replace(
            "page: Page", "page: Page, what: str"
        )
    )
    run = judged(sealed(source, "test_todos[Milk]", "test_todos[Bread]"), serve({"/": TODOS}).url)
    assert run.status == "red"
    assert run.passed == ("tests/e2e/test_todos.py::test_todos[Milk]",)
    assert [failure.nodeid for failure in run.failures] == ["tests/e2e/test_todos.py::test_todos[Bread]"]


def test_other_tests_of_the_file_are_left_alone(serve: Serve, judged: Judged) -> None:
    source = SEES_MILK + "\n\n\n" + SEES_BREAD.replace("test_todos", "test_other")
    assert judged(sealed(source), serve({"/": TODOS}).url).status == "green"


def test_a_source_that_is_not_the_sealed_one_is_not_run(serve: Serve, judged: Judged) -> None:
    test = sealed(SEES_MILK).model_copy(update={"sha256": sealed(SEES_BREAD).sha256})
    with pytest.raises(StateError, match="The sealed test was changed"):
        judged(test, serve({"/": TODOS}).url)


@cold_and_warm
def test_a_page_that_crashes_is_a_crash(serve: Serve, judged: Judged) -> None:
    source = "import psutil\n\n\n" + body(
        'page.goto("/")',
        "for process in psutil.Process().parent().children(recursive=True):",
        '    if "--type=renderer" in process.cmdline():',
        "        process.kill()",
        'expect(page.get_by_text("Milk")).to_be_visible()',
    )
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.failures[0].reason is Reason.BROWSER_CRASH


@cold_and_warm
def test_a_browser_that_goes_away_is_a_crash(serve: Serve, judged: Judged) -> None:
    source = body(
        'page.goto("/")',
        'page.context.browser.new_browser_cdp_session().send("Browser.close")',
        'expect(page.get_by_text("Milk")).to_be_visible()',
    )
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.failures[0].reason is Reason.BROWSER_CRASH


@pytest.mark.parametrize("path", ["/nowhere/chromium", "/bin/false"])
def test_a_browser_that_does_not_start_is_no_browser(serve: Serve, judged: Judged, path: str) -> None:
    run = judged(sealed(SEES_MILK), serve({"/": TODOS}).url, browser=Browser(path, "Chromium"))
    assert run.failures[0].reason is Reason.NO_BROWSER
    assert "playwright install chromium" in run.failures[0].message


def test_nobody_at_the_url_is_unreachable(judged: Judged, serve: Serve) -> None:
    site = serve({"/": TODOS})
    url = site.url
    site.shutdown()
    site.server_close()
    run = judged(sealed(SEES_MILK), url)
    assert run.failures[0].reason is Reason.UNREACHABLE
    assert "ERR_CONNECTION_REFUSED" in run.failures[0].message


@cold_and_warm
def test_contexts_and_pages_that_a_test_opens_itself_are_seen_too(serve: Serve, judged: Judged) -> None:
    source = """
    def test_todos(browser, base_url) -> None:
        anna = browser.new_context(base_url=base_url)
        page = anna.new_page()
        page.goto("/")
        page.context.tracing.start()
        expect(page.get_by_text("Milk")).to_be_visible()
        page.context.tracing.stop(path="mine.zip")
        anna.close()
        other = browser.new_page(base_url=base_url)
        other.goto("/")
        expect(other.get_by_text("Milk")).to_be_visible()
        other.close()
    """
    run = judged(sealed(source), serve({"/": TODOS}).url)
    assert run.status == "green", run.failures
    assert run.evidence is not None
    assert {"trace.zip", "trace-2.zip"} <= {file.name for file in Path(run.evidence.folder).iterdir()}


def test_a_context_that_tests_share_has_a_trace_for_each(serve: Serve, judged: Judged) -> None:
    source = """
    import pytest

    @pytest.fixture(scope="module")
    def shared(browser, base_url):
        page = browser.new_context(base_url=base_url).new_page()
        page.goto("/")
        return page

    @pytest.mark.parametrize("word", ["Milk", "Todos"])
    def test_todos(shared, word) -> None:
        expect(shared.get_by_text(word)).to_be_visible()
    """
    run = judged(sealed(source, "test_todos[Milk]", "test_todos[Todos]"), serve({"/": TODOS}).url)
    assert run.status == "green", run.failures


def test_the_page_that_a_click_opens_is_the_one_that_is_shown(serve: Serve, judged: Judged) -> None:
    site = serve({"/": TODOS + "<a href='/new' target='_blank'>New</a>", "/new": "<h1>Fresh</h1>"})
    source = body(
        'page.goto("/")',
        "with page.expect_popup() as popup:",
        '    page.get_by_role("link").click()',
        "popup.value.wait_for_url('**/new')",
        'expect(popup.value.get_by_text("Bread")).to_be_visible()',
    )
    run = judged(sealed(source), site.url)
    assert run.final_url == f"{site.url}/new"
    assert run.evidence is not None
    assert "Fresh" in Path(run.evidence.page).read_text(encoding="utf-8")


def test_a_page_that_hangs_is_given_up(serve: Serve, judged: Judged) -> None:
    source = body(
        'page.goto("/")', 'page.get_by_role("button").click()', 'expect(page.get_by_text("Done")).to_be_visible()'
    )
    site = serve({"/": "<title>T</title><button onclick='setTimeout(() => { for (;;); }, 100)'>Go</button>"})
    run = judged(sealed(source), site.url, time_limit=180.0)
    assert run.failures[0].reason is Reason.MISSING_ELEMENT
    assert run.seconds < 90  # long before its time limit, also on a busy machine


def test_the_attribute_of_test_ids_is_the_projects(serve: Serve, judged: Judged) -> None:
    source = body('page.goto("/")', 'expect(page.get_by_test_id("milk")).to_be_visible()')
    site = serve({"/": "<p data-qa='milk'>Milk</p>"})
    assert judged(sealed(source), site.url, test_id="data-qa").status == "green"


def vacuous(source: str, evidence: Path, browser: Browser) -> bool:
    return anyio.run(lambda: is_vacuous(sealed(source), evidence=evidence, browser=browser, time_limit=60))


def test_a_test_that_expects_nothing_is_vacuous(tmp_path: Path, chromium: Browser) -> None:
    source = body('page.goto("/")', 'expect(page.get_by_text("Bread")).not_to_be_visible()')
    assert vacuous(source, tmp_path, chromium)


def test_a_test_that_expects_something_is_not_vacuous(tmp_path: Path, chromium: Browser) -> None:
    assert not vacuous(SEES_MILK, tmp_path, chromium)


def test_two_judges_at_once_keep_to_themselves(serve: Serve, tmp_path: Path, chromium: Browser) -> None:
    sites = {"Milk": serve({"/": TODOS}), "Bread": serve({"/": "<h1>Bread</h1>"})}
    found: dict[str, str] = {}

    async def one(word: str, url: str) -> None:
        source = body('page.goto("/")', f'expect(page.get_by_text("{word}")).to_be_visible()')
        options = {"evidence": tmp_path / "same", "browser": chromium, "time_limit": 60}
        run = await judge(sealed(source), url, **options)  # type: ignore[arg-type]  # one dict of mixed values
        assert run.evidence is not None
        found[word] = f"{run.status} {Path(run.evidence.page).read_text(encoding='utf-8').strip()}"

    async def both() -> None:
        async with anyio.create_task_group() as group:
            for word, site in sites.items():
                group.start_soon(one, word, site.url)

    anyio.run(both)
    assert found["Milk"].startswith('green - heading "Todos"')
    assert found["Bread"].startswith('green - heading "Bread"')


# -- on a busy machine

COMES_LATE = "<script>setTimeout(() => document.body.append('Milk'), 1500)</script><h1>Todos</h1>"


def busy(monkeypatch: pytest.MonkeyPatch, *, before: float, meanwhile: float) -> None:
    """Simulate a slow machine before and during a run."""
    monkeypatch.setattr("pytest_chimera.judge.runner.slowdown", lambda: before)
    monkeypatch.setattr("pytest_chimera.system.machine_load._EVERY", 0.1)
    monkeypatch.setattr("pytest_chimera.system.machine_load.slowdown", lambda: meanwhile)


def test_what_comes_late_on_a_busy_machine_is_waited_for(
    serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(monkeypatch, before=8.0, meanwhile=8.0)
    run = judged(sealed(SEES_MILK), serve({"/": COMES_LATE}).url)
    assert (run.status, run.patience, run.slowdown) == ("green", 4.8, 8.0)


def test_a_red_that_was_seen_while_the_machine_became_busy_says_so(
    serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(monkeypatch, before=1.0, meanwhile=8.0)
    run = judged(sealed(SEES_MILK), serve({"/": COMES_LATE}).url)
    assert (run.status, run.hurried, run.patience) == ("red", True, 0.6)


def test_what_was_measured_before_is_waited_for_again(
    serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(monkeypatch, before=1.0, meanwhile=8.0)
    test = sealed(SEES_BREAD).model_copy(update={"stretch": 8.0})
    run = judged(test, serve({"/": TODOS}).url)
    assert (run.status, run.hurried, run.patience) == ("red", False, 4.8)


@pytest.mark.parametrize(("meanwhile", "source"), [(1.0, SEES_BREAD), (8.0, body("raise RuntimeError"))])
def test_a_red_that_time_does_not_bring_counts_at_once(
    serve: Serve, judged: Judged, monkeypatch: pytest.MonkeyPatch, meanwhile: float, source: str
) -> None:
    busy(monkeypatch, before=1.0, meanwhile=meanwhile)
    assert not judged(sealed(source), serve({"/": TODOS}).url).hurried


def test_rows_that_are_not_there_are_told_with_their_step(judged: Judged, serve: Serve) -> None:
    text = "Then the table should contain the following rows:\n  | Milk | 2 |"
    test = TestGenerator().generate(Feature(id="rows", description="Rows", text=text))
    about = SealedTest(test=test, nodeids=(f"{test.path}::{test.name}",), sha256=seal_of(test.source))
    run = judged(about, serve({"/": "<table><tr><td>Milk<td>3</table>"}).url)
    assert run.failure is not None
    assert run.failure.reason is Reason.ASSERTION
    assert run.failure.step == "the table should contain the following rows:"
    assert run.failure.code.startswith("expect_rows(")
    assert "| Milk | 3 |" in run.failure.message
