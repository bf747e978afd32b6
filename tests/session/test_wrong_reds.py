"""Reds that no coder can mend: a page that needs the network, an application without the page to start at."""

from __future__ import annotations

import pytest

from tests.session.conftest import BASE, FEATURE, RIGHT, SERVER, WRONG, App

pytestmark = pytest.mark.browser

NOWHERE = "http://cdn.invalid/vue.js"
TWO_FEATURES = FEATURE + FEATURE.replace("test_greet", "test_look").replace(
    'When I fill "Name" with "Ada"\n    And I press the "Greet" button\n    Then I should see "Hello, Ada!"',
    'Then I should see "Nobody is greeted yet"',
)


def with_script(page: str) -> str:
    return page.replace("</title>", f"</title><script src='{NOWHERE}'></script>", 1)


def test_without_the_network_every_feature_is_parked_for_the_same_reason(app: App) -> None:
    app.write(page=with_script(BASE), tests__features__test_greeting=TWO_FEATURES)
    app.commit("Take a script from elsewhere")
    app.coder(with_script(RIGHT))
    result = app.chimera()
    result.assert_outcomes(errors=2)
    told = str(result.stdout)
    assert told.count(f"could not load {NOWHERE}: no network (ERR_NAME_NOT_RESOLVED)") >= 2
    result.stdout.fnmatch_lines([f'*chimera_unneeded = ?"{NOWHERE}"?*', "*parked*"])
    assert "is done again" not in told
    assert "✗ implement" not in told


def test_what_pages_do_without_lets_the_feature_be_proved(app: App) -> None:
    app.write(page=with_script(BASE))
    app.commit("Count visitors")
    app.coder(with_script(RIGHT))
    app.config(f"chimera_coder = replay:{app.recorded}", "chimera_unneeded = http://cdn.invalid/*")
    app.chimera().assert_outcomes(passed=1)


def test_a_script_that_the_change_brings_parks_it_and_is_told_so(app: App) -> None:
    app.coder(with_script(WRONG))
    result = app.chimera()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*the change brought {NOWHERE}*", "*parked*"])


def test_a_green_page_that_lacks_its_script_is_green_with_a_note(app: App) -> None:
    app.coder(with_script(RIGHT))
    result = app.chimera()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"*note: green, although its page could not load {NOWHERE}: no network*"])


ONLY_AT = """        if parts.path not in {places!r}:
            self.send_error(404)
            return
"""


def serving_only(app: App, *places: str) -> None:
    """The application answers at these addresses, and 404 elsewhere; it has a front end that nobody serves."""
    head, mark, tail = SERVER.partition("        parts = urlsplit(self.path)\n")
    app.write(server=head + mark + ONLY_AT.format(places=places) + tail)
    (app.path / "web").mkdir()
    (app.path / "web" / "package.json").write_text('{"scripts": {"dev": "vite"}}')
    app.commit("Serve the API alone")


def test_an_api_without_its_front_end_goes_to_the_person(app: App) -> None:
    serving_only(app, "/docs", "/api/books")
    app.coder(RIGHT)
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not because the feature is missing*no page to start at*"])
    result.stdout.fnmatch_lines(["*answered 404*", "*What answers: /docs", "*web/package.json"])
    assert "✗ implement" not in str(result.stdout)


def test_an_api_that_answers_data_at_its_start_goes_to_the_person(app: App) -> None:
    serving_only(app, "/")
    app.write(server=(app.path / "server.py").read_text().replace("text/html", "application/json"))
    app.commit("Answer with data")
    app.coder(RIGHT)
    result = app.chimera()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*not because the feature is missing*no page to start at*"])
    result.stdout.fnmatch_lines(
        ["*/ answered application/json, which is no page*", "*What answers: / (application/json)"]
    )
    assert "✗ implement" not in str(result.stdout)


@pytest.mark.parametrize(("places", "right"), [(("/",), True), (("/api/books",), False)])
def test_a_new_address_is_a_feature_only_where_the_application_has_a_page(
    app: App, places: tuple[str, ...], right: bool
) -> None:
    serving_only(app, *places)
    app.write(tests__features__test_greeting=FEATURE.replace('by name")', 'by name", url="/about")'))
    result = app.chimera("--chimera-until=red")
    result.assert_outcomes(passed=int(right), failed=int(not right))
    result.stdout.fnmatch_lines(["*missing page*" if right else "*nothing answers at / either*"])
