"""The table of wordings: how people express each intent. To add a wording, add a row.

A row is a small pattern: ``a|b`` is one of several words, ``[…]`` is optional, ``_`` joins the words of a phrase,
``<group>`` stands for a row of :data:`GROUPS`, and ``{slot}`` or ``{slot:type}`` takes words of that type (see
``slots.py``). The first word is the verb, in any of its forms. Of several rows that match, the one with the most words
of its own is used, and of those the first.
"""

# ruff: noqa: E501  (a row is one line)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Form = Literal["do", "see", "be"]
"""Whose verb it is: a person acts, a person perceives, a thing is."""

GROUPS = {
    "a": "[the|a|an|my|this|that|following|the_following]",
    "text": "[text|value|sentence|values|string|words|content|name|message]",
    "data": "[values|details|data|information|fields|items|rows|below|credentials|value]",
    "into": "in|into|in_to|to|on|onto|inside|within|for|at|under",
    "in": "in|within|inside|on|under|at|from",
    "go": "go|navigate|browse|head|surf|come|return",
    "enter": "enter|type|input|write|insert|key|paste",
    "click": "click|tap|press|hit|push",
    "choose": "select|choose|pick",
    "page": "[page|browser|browser_page|browser_window|web_page|current_page|window|tab|site|website|app|application|view|screen]",
    "history": "[one] [page] [in|with|using|by] [the|my] [browser|history|browser_history]",
    "seen": "[text|message|error|words|label|error_message|success_message|following|following_text|following_message|flash_message|warning|notification|notice|confirmation|validation_message|welcome_message|alert_message|content]",
    "shown": "visible|displayed|shown|present|there|seen|rendered|available|presented|loaded|appearing|displaying|visible_on_screen|on_screen",
    "onpage": "[on|in] [the|this|my] [page|screen|website|site|app|application|ui|browser]",
    "see": "see|view|find|notice|observe|read",
    "be": "be|become|appear|remain|stay|look|seem",
    "in_order": "in_this_order|in_that_order|in_the_order|in_order|in_the_given_order|in_exactly_this_order",
    "says": "contain|show|display|include|say|mention|state|indicate|list|hold|read",
    "appears": "loaded|displayed|presented|to_be_presented|to_be_visible|to_be_displayed|to_be_shown|to_appear|to_load|to_be_present|to_exist|to_show|to_show_up|to_be_loaded|appears|appear|loads|is_visible|is_displayed|is_loaded|is_shown|is_present|to_become_visible|to_be_available",
    "leaves": "to_disappear|to_be_hidden|disappears|is_hidden|to_vanish|to_be_gone|is_gone|to_go_away|to_close|to_not_be_displayed|to_be_removed|to_finish|is_not_visible|to_be_invisible",
}  # fmt: skip
"""Words that occur in many rows."""


@dataclass(frozen=True)
class Wording:
    """One way to express an intent.

    :param form: see :data:`Form`; ``of`` narrows the subject of a "be" row.
    :param implied: slots that the words leave out and the row implies.
    """

    intent: str
    form: Form
    pattern: str
    of: str = ""
    implied: tuple[tuple[str, object], ...] = ()


def _rows(intent: str, form: Form, patterns: str, of: str = "", **implied: object) -> list[Wording]:
    lines = (_with_groups(line.strip()) for line in patterns.strip().splitlines())
    return [Wording(intent, form, line, of, tuple(implied.items())) for line in lines if line]


def _with_groups(line: str) -> str:
    return re.sub(r"<(\w+)>", lambda found: GROUPS[found.group(1)], line)


WORDINGS: tuple[Wording, ...] = (
    # -- pages
    *_rows("navigate", "do", """
        <go>|move [back|over|directly|straight|again] to [the] [relative|absolute] [url|path|address|page|link] {page}
        visit|access|browse [up] [the] [url|path|address|site|page|link] {page}
        open|launch|load [up] [the] [url|path|address|site|page|link] {page:openable}
        open|launch|start [a|the|my] [web] browser [window] [and] on|at|to|with|go_to|navigate_to|open|visit {page}
        proceed|continue [on|back] to [the] {page:site}
        point [the|my] browser at|to {page}
        start|begin|land|arrive on|at|in|from|with|to [the] [url|path|address|page|link] {page}
        be on|at [the] [url|path|address|page|link] {page}
        be in [the] {page:website}
        have [the] {page} open|opened|loaded
        have opened|visited|loaded|launched|accessed [the] [url|page] {page:openable}
        have navigated|gone|browsed|come to [the] [url|page] {page}
        be viewing|visiting|browsing {page}
        """),
    *_rows("navigate", "be", "be [now] open|opened|loaded|displayed|shown|launched|visited|running [in] [the|a|my] [browser]\nhave [been] opened|loaded|launched|visited", of="page"),
    *_rows("navigate", "be", "be|point on|at|to [the] [url|path|address|page] {page}", of="browser"),
    *_rows("on-page", "be", "be|stay|remain [still|now] on|at [the] [url|path|address|page] {page}", of="browser"),
    *_rows("reload", "do", "reload|refresh [the|this|my] <page>\nreload|refresh it"),
    *_rows("reload", "be", "be reloaded|refreshed", of="page"),
    *_rows("back", "do", """
        go|navigate|move|step|return|browse back|backward|backwards <history>
        go|navigate|move|return [back] to [the] previous page
        <click>|use [on] [the] browser|browser's back [button]
        """),
    *_rows("forward", "do", """
        go|navigate|move|step|browse forward|forwards <history>
        <click>|use [on] [the] browser|browser's forward [button]
        """),
    # -- keys: "press Enter" is a key, "press the "Add" button" is a click
    *_rows("press", "do", """
        press|hit|push|strike|tap|type [on] [the] {keys} [key|keys] [on|of|from] [the|my] [keyboard]
        press|hit|push|type|tap [the] {keys} [key|keys] in|inside|on|within|into {field}
        press|hit|push|tap [the] {keys} [key|keys] {number} times
        press|hit|push|tap [the] {keys} [key|keys] {number:times}
        press|hit|push|use|send [the] key|keys|shortcut {keys}
        send|use [the] {keys} key|keys|shortcut
        go|move|tab to [the] next [keyboard|focusable] [element|field|control]
        """),
    *_rows("press", "do", "go|move|tab [back|backwards] to [the] previous [keyboard|focusable] [element|field|control]", keys="Shift+Tab"),
    # -- browser dialogs
    *_rows("accept-dialog", "do", """
        accept|confirm|ok|approve|acknowledge {dialog}
        <enter> {value} <into> {dialog}
        answer|accept|fill|confirm {dialog} with {value}
        """),
    *_rows("dismiss-dialog", "do", "dismiss|cancel|reject|decline|deny {dialog}"),
    # -- clicks
    *_rows("close", "do", "close|dismiss|hide {target:closable}"),
    *_rows("open", "do", "open|show|expand {target:opener}"),
    *_rows("double-click", "do", """
        double-click|doubleclick|dblclick [on] {target}
        double-click|doubleclick [on] {target} to_edit_it|to_edit|to_open_it|to_open
        double click|tap [on] {target}
        double click|tap [on] {target} to_edit_it|to_edit|to_open_it|to_open
        """),
    *_rows("right-click", "do", "right-click|rightclick [on] {target}\nright click [on] {target}\nopen [the] context_menu of|on|for {target}"),
    *_rows("click", "do", """
        <click> [on|at|upon|in] {target}
        follow|depress|click [on] {target:named}
        activate|trigger|use|launch [on] {target:control}
        <click>|follow [on|at] {target} {number:times}
        <click> [on|at] {target} {number} times
        <choose>|open|expand|collapse|close|show|hide|view|go|navigate [to] {target:control}
        <choose>|click [on] {value} <in> {place:menu}
        <click> [on] {target} to {words:purpose}
        <click> to {words:purpose}
        <click> [on] selector|css|xpath|element_with_selector {target}
        make|perform [a] click|tap on {target}
        """),
    *_rows("click", "be", "be clicked|pressed|tapped|selected_by_click", of="clickable"),
    *_rows("click-here", "do", "click|tap"),
    *_rows("submit", "do", "submit [the|my|this] [form|login_form|registration_form|search_form|data|changes]\nsubmit {target:form}"),
    # -- fields
    *_rows("fill", "do", """
        fill|complete|populate [in|out|up] {field} with|as|by|using <a> <text> {value}
        fill|complete|populate [in|out] <a> <text> {value} for|in|into|as|on {field}
        <enter>|provide|supply|fill|specify [in] <a> <text> {value} <into> {field}
        <enter>|provide|supply|use|specify [in] <a> <text> {value:literal} as {field}
        put|add|set|give|append|submit|use [in] <a> <text> {value} <into> {field:fieldlike}
        <enter>|provide|supply|specify|use|fill|submit [in|out] {field:label} {value}
        <enter>|provide|supply|specify|fill|set|use [in|out] {field:label} as|of|with|to|: {value}
        set|change|update|edit|replace|modify|rename [the] [value|text|content|contents] [of|in|for] {field:fillable} to|with|by|as {value}
        <enter> [in] <a> <text> {value}
        have <enter>|entered|typed|filled [in] {value} in|into|for|as {field}
        search for {value} in|on|using|with {field}
        fill|complete|<enter>|set [in|out] {field} with|to|as [the] [following] [text|value|content] {docstring}
        <enter> [the] following|below [text|value|content] <into> {field} {docstring}
        """),
    *_rows("fill", "do", "leave|keep {field} empty|blank|unfilled|untouched\nleave [the] {field} field|input empty|blank", value=""),
    *_rows("clear", "do", """
        clear|empty|erase|reset|wipe [out] [the] [value|text|content|contents] [of|from|in] {field}
        delete|remove [the|all] value|text|content|contents of|from|in {field}
        """),
    *_rows("fill-table", "do", """
        fill|complete|populate|submit [in|out|up] [the] form|login_form|registration_form|fields|form_fields [with|as|using|by] [the|these|my] [following|below] [form] <data> [<in> {place}] {table}
        fill|complete|populate|provide|submit|<enter> [in|out|up] [with|the|these|my] following|below|values|details|data|information|fields [form] <data> [<in> {place}] {table}
        fill|complete|populate [in|out] {target:form} with|using|as [the] [following] <data> {table}
        set [the] [following] [form] fields|values to|as|with [these|the] [following] <data> {table}
        """),
    # -- choices
    *_rows("select", "do", """
        <choose>|set|change [the] [option|value|item|entry] [with] [the] [text|label|name] {value} from|in|for|as|on|of|under|within {field:select}
        <choose> {field:label} {value}
        <choose> {field:label} as {value}
        set|change {field:dropdown} to {value}
        <choose> {field:label} to {value}
        """),
    *_rows("select-value", "do", "<choose> [the] option with [the] value {value} from|in|for|on {field:select}"),
    *_rows("select-nth", "do", "<choose> [the] {nth} option|value|item|entry from|in|for|on|of {field:select}"),
    *_rows("choose", "do", "<choose> [the] [option|value|item|choice|radio_option|answer] {value}\n<choose> {target:choice}"),
    *_rows("check", "do", """
        check|tick|mark|enable [off] {target:checkbox}
        select|activate {target:checkbox-role}
        check|tick [off] {target:tickable}
        turn|switch|toggle on {target:named}
        turn|switch|toggle {target:named} on
        """),
    *_rows("uncheck", "do", """
        uncheck|untick|unmark|deselect|unselect|disable [off] {target:checkbox}
        uncheck|untick {target:tickable}
        turn|switch|toggle off {target:named}
        turn|switch|toggle {target:named} off
        """),
    *_rows("toggle", "do", "toggle|switch|flip {target:checkbox}"),
    # -- pointer
    *_rows("hover", "do", """
        hover [over|on|onto|above|at] {target}
        hover|move|place [with] [the] [mouse|cursor|pointer|mouse_pointer] over|on|onto|to {target}
        mouse over {target}
        mouseover {target}
        move to {target:control}
        """),
    *_rows("fill", "do", "move|drag|slide|set [the] [value] [of] {field:slider} to [the] [value|position] {value}"),
    *_rows("drag", "do", """
        drag [and] [drop] {target} to|onto|into|on|over|in {place}
        drag {target} and drop [it] on|onto|in|into|to {place}
        drop {target} on|onto|in|into {place}
        """),
    *_rows("scroll", "do", "scroll [down|up] to|until|onto {target}\nscroll|bring {target} into view"),
    *_rows("scroll-end", "do", "scroll [down] to [the] bottom|end [of] [the] [page|screen]\nscroll down [the] [page]"),
    *_rows("scroll-start", "do", "scroll [up|back] to [the] top|beginning [of] [the] [page|screen]\nscroll up [the] [page]"),
    *_rows("focus", "do", """
        focus [on|in|into] {target}
        set|put|place|move|give [the] focus|cursor on|to|in|into {target}
        """),
    *_rows("blur", "do", "blur|leave [out_of] {target:fieldlike}"),
    # -- files
    *_rows("upload", "do", """
        upload|attach [the|a|an] [file|files|image|document|picture|photo|attachment] {files} to|in|into|for|on|as|using|with|from|via [hidden] {field:file}
        add|drop|<choose> [the|a] [file|files|image|document|photo|picture] {files:filenames} to|in|into|for|on|as|with [hidden] {field:file}
        upload|attach [the|a] {files:filenames} file|files|image|document|photo|picture to|in|into|for|on|as|via {field:file}
        upload|attach [the|a] file|files|image|document|photo|picture {files}
        <choose> [the|a] file|files {files:filenames}
        upload|attach {files}
        """),
    *_rows("download", "do", """
        download {target:named}
        download [the|a|an] [file|document|report|attachment|image] {value}
        """),
    *_rows("downloaded", "see", "download|get|receive [the|a|an] [downloaded] file|document|report|export [named|called] {value}\ndownload {value}"),
    *_rows("downloaded", "be", "be [successfully] downloaded|saved [successfully]\nhave been downloaded|saved [successfully]\nstart|begin|finish|complete\ndownload [successfully]", of="file"),
    *_rows("downloaded", "be", "be [successfully] downloaded [successfully]", of="quoted"),
    *_rows("downloaded", "be", "be named|called {value}", of="file"),
    # -- tabs of the browser's own
    *_rows("new-tab", "see", "<see>|get {tab:new-tab} [open|opened|opening]"),
    *_rows("new-tab", "be", "open|appear|load [up]\nbe|get opened|open|shown|displayed|launched|created\nhave [been] opened|appeared", of="new-tab"),
    *_rows("new-tab", "be", "open|be [opened] in {tab:new-tab}", of="element"),
    *_rows("new-tab", "be", "open|be [opened] in {tab:new-tab}", of="page"),
    *_rows("on-page", "be", "open|load|appear|be|point [opened|open] at|on|with|to|showing [the] [url|address|path] {page}", of="new-tab"),
    *_rows("switch-tab", "do", "switch|go|change|move|turn [over] to|into {tab:new-tab}\nfocus [on] {tab:new-tab}"),
    *_rows("switch-back", "do", "switch|go|change|move|return [back] to [the] first|original|main|previous|initial|old tab"),
    # -- waiting
    *_rows("wait-time", "do", "wait|pause|sleep|stop [for] [about|at_least] {duration}"),
    *_rows("wait-for", "do", """
        wait [for|until|on|till] {target} [<appears>]
        wait [for|until|on] {target} for|within|up_to {duration} to_be_displayed|to_exist|to_appear|to_be_visible
        wait [for] [up_to] {duration} for {target} [<appears>]
        wait [until|till] [I|i] see {target}
        """),
    *_rows("wait-gone", "do", """
        wait [for|until|on|till] {target} <leaves>
        wait [for|until|on] {target} for|within {duration} to_not_be_displayed|to_not_exist|to_not_be_visible|to_disappear
        """),
    *_rows("wait-enabled", "do", "wait [for|until|on] {target} [for {duration}] to_be_enabled|is_enabled|becomes_enabled"),
    *_rows("wait-disabled", "do", "wait [for|until|on] {target} [for {duration}] to_be_disabled|is_disabled|to_not_be_enabled"),
    *_rows("wait-page", "do", "wait [for|until] [the] page [to_load|to_be_loaded|is_loaded|loads|to_finish_loading|has_loaded|to_be_ready|to_load_completely]"),
    # -- a person sees
    *_rows("dialog-text", "see", "<see>|get {dialog:native} with|containing|saying|that_says [the] [text|message] {value}"),
    *_rows("dialog", "see", "<see>|get {dialog:native}"),
    *_rows("title", "see", "<see> [the|a] page|browser|tab|window|document title [is|as|of|to_be] {value}"),
    *_rows("count", "see", "<see>|have|get [exactly] {count}\n<see>|have|get [exactly] {count} <shown> <onpage>\n<see>|have [exactly] {count} <onpage>"),
    *_rows("text", "see", """
        <see>|get|receive|have [the|a|an|my|this] [page] <seen> {texts}
        <see>|get|have [the|a|an] <seen> {texts} <in>|displayed_in|listed_in|next_to|for {place}
        <see>|get [the|a|an] <seen> {texts} <onpage>
        <see> [the] [text] {texts} displayed|shown|visible|appear|message|text|error|notification
        """),
    *_rows("text", "see", "be shown|presented|greeted|told|informed|notified|given [with|by] [the|a|an] <seen> {texts}", of="moved"),
    *_rows("text", "see", "<see>|get exactly [the] [text|message] {texts}", exact=True),
    *_rows("text-matching", "see", "<see> [the|a] [text] [matching|that_matches|like] {pattern} [in|within|on {place}]"),
    *_rows("checked", "see", "<see> {target} checked|selected|ticked\n<see> checked|ticked|selected {target:tickable}", state=True),
    *_rows("checked", "see", "<see> {target} unchecked|unselected|unticked\n<see> unchecked|unticked|unselected {target:tickable}", state=False),
    *_rows("enabled", "see", "<see> {target} enabled|active", state=True),
    *_rows("enabled", "see", "<see> {target} disabled|inactive|greyed_out|grayed_out", state=False),
    *_rows("focused", "see", "<see> {target} [keyboard] focused"),
    *_rows("links-to", "see", "<see> {target:link} to|pointing_to|linking_to|leading_to|that_points_to|that_links_to|that_leads_to|with_the_url|with_url [the] [url|path|address|page] {url}"),
    *_rows("links-to", "be", "point|link|lead|go to [the] [url|path|address|page] {url}", of="expandable"),
    *_rows("value", "see", """
        <see> {target:fieldlike} with|having|containing <a> <text> {value}
        <see> {value} <in> {field:fieldlike}
        """),
    *_rows("visible", "see", """
        <see>|get {target}
        have {target:named}
        <see> {target} <shown>|displayed_on_the_page|on_the_page|appear|open
        be shown|presented|greeted|prompted|given [with|by] {target}
        receive {target:message}
        """),
    *_rows("table", "see", """
        <see>|have {target} [and] with|containing|containing_the|with_the|as|that_contains [the] [following] [items|rows|contents|content|values|entries|data|columns|row|options] {table}
        <see>|have [the|these|a] [following] [texts|text|items|messages|values|content|entries|rows|data] [in|on {place}] {table}
        <see>|have [the|these|all] following|these|below {target} <onpage> {table}
        <see>|have {target} [listed] below|as_follows {table}
        """),
    *_rows("table", "see", """
        <see>|have {target} [and] with|containing|as exactly [the|these] [following] [items|rows|entries|data|row] {table}
        <see>|have exactly [the|these] [following] [items|rows|entries|data] [in|on {place}] {table}
        """, exact=True, ordered=True),
    *_rows("table", "see", """
        <see>|have {target} [and] with|containing [the|these] [following] [items|rows|entries|data] <in_order> {table}
        <see>|have [the|these] [following] [items|rows|entries|data|texts] [in|on {place}] <in_order> {table}
        """, ordered=True),
    *_rows("values", "see", "<see> [the] following values [in] [the] [form|fields] {table}"),
    *_rows("attributes", "see", "<see> [these|the] [following] attributes [with] [the] [following] [values] {table}"),
    *_rows("on-page", "see", """
        be|stay|remain|land|arrive|end [up] [still|now|back] on|onto|at {page}
        be|stay|remain|land|arrive|end [up] [still|now|back] in {page:website}
        be [back] on|at [the] [url|path|address] {page}
        land|arrive|end [up] on|onto|at|in|to {page}
        <see>|reach|get|access|view [to] {page:site}
        <go> [back] to {page:site}
        """),
    *_rows("on-page", "see", """
        be|get [now|successfully|automatically] redirected|taken|sent|brought|directed|forwarded|navigated|returned|transferred|led|moved [back|away] to|on|onto|into [the] [url|path|address] {page}
        """, of="moved"),
    # -- a thing is
    *_rows("dialog", "be", "be opened|open|shown|displayed|present|visible\nappear|show|open|pop [up]\nhave been opened|shown|displayed", of="dialog"),
    *_rows("dialog-text", "be", "<says>|have|be [the] [text|message] {value}", of="dialog"),
    *_rows("url", "be", "be|equal|become|remain|read [equal] [to] [exactly] {value:url}\nbe changed to {value:url}\nchange to {value:url}", of="url"),
    *_rows("url-contains", "be", "contain|include|have [the] [text|path|string|query|value] {value:url}", of="url"),
    *_rows("url-contains", "be", "end|finish with {value:url}", of="url", anchor="end"),
    *_rows("url-contains", "be", "start|begin with {value:url}", of="url", anchor="start"),
    *_rows("url-matches", "be", "match [the] [pattern|regex] {pattern}", of="url"),
    *_rows("title", "be", "be|equal|read|say|become|show [equal] [to] [exactly] {value}", of="title"),
    *_rows("title-contains", "be", "contain|include|have [the] [text|word|words] {value}", of="title"),
    *_rows("title-contains", "be", "end|finish with {value}", of="title", anchor="end"),
    *_rows("title-contains", "be", "start|begin with {value}", of="title", anchor="start"),
    *_rows("title", "be", "have [the|a] [page] title [of] {value}\nbe titled {value}", of="page"),
    *_rows("title-contains", "be", "have [the|a] [page] title containing {value}", of="page"),
    *_rows("heading", "be", "have|show|display [the|a] heading|header {value}", of="page"),
    *_rows("url", "be", "have [the|a] [page] url|address|path [of] {value:url}", of="page"),
    *_rows("text", "be", "<says>|have [the|a|an] <seen> {texts}", of="page"),
    *_rows("visible", "be", "<says>|have [the|a|an] {target}", of="page"),
    *_rows("on-page", "be", "be|become|appear|load [now|successfully] [<shown>|open|opened|displayed|active] [successfully]\nload|appear|open", of="page-expected"),
    *_rows("table", "be", "contain|show|have|display|list|include|be exactly [the|these] [following|below] [items|rows|entries|data] {table}", of="place", exact=True, ordered=True),
    *_rows("table", "be", "contain|show|have|display|list|include [the|these] following|below [items|rows|entries|data] <in_order> {table}", of="place", ordered=True),
    *_rows("table", "be", "contain|show|have|display|list|include [the|these] following|below [items|rows|entries|values|data|texts|text|messages|options|columns] {table}", of="place"),
    *_rows("table", "be", "contain|show|have|display|list|include [the|these] following|below {target} {table}", of="page"),
    *_rows("table", "be", "contain|show|have|display|list|include [these|the] [rows|items|entries] {table}", of="place"),
    *_rows("count", "be", "contain|show|have|display|list|include [exactly|only] {count}"),
    *_rows("counted", "be", "be <shown> <onpage>\nbe listed|found <onpage>\nexist|appear <onpage>", of="counted"),
    *_rows("number-of", "be", "appear|exist|be [present|shown|displayed|visible] [exactly] {number} times", of="element"),
    *_rows("text", "see", "<see>|get [the|a|an] <seen> {docstring}"),
    *_rows("number-of", "be", "be|equal [equal] [to] {number}", of="number"),
    *_rows("empty", "be", "<be> [left] empty|blank|cleared\nhave|contain no value|text|content", of="fillable"),
    *_rows("no-items", "be", "<be> [left] empty|cleared\nhave|contain no items|entries|rows", of="holds-items"),
    *_rows("value", "be", """
        contain|be|have|hold|show|display|equal|read|become [equal] [to] [filled_with|prefilled_with|set_to|populated_with] <a> <text> [of] {value}
        """, of="field"),
    *_rows("values", "be", "match|have|contain|hold|be [set] [to] these|the|following|the_following [following] values|data {table}", of="fields"),
    *_rows("value", "be", "have|contain [the|a] value [of] {value}\nbe set|filled|prefilled|populated to|with {value}"),
    *_rows("has-any-text", "be", "contain|have any|some text\nbe filled"),
    *_rows("exact-text", "be", "be|equal|read|become [now] [equal] [to] [exactly] <a> [text|string] {texts}\nhave [the|a] [exact] text|label|title|caption [of] {texts}"),
    *_rows("contains", "be", """
        <says>|have|match <a> [text|message|value|words|word|content|label|keyword|keywords|phrase|term|string|line|title|name|number|amount] {texts}
        contain|match <a> [text|message|value|words|word|content|label] {texts}
        be displayed|shown as {words:shown}
        be displayed|shown [as|with] [the] [text|message] {texts}
        display|show|appear as|with|saying [the] [text|message|error|error_message] {texts}
        be <shown> saying|reading|stating|that_says|which_says|with [the|a] [text|message] {texts}
        """),
    *_rows("contains", "be", "end|finish with [the] [text|word|words] {texts}", anchor="end"),
    *_rows("contains", "be", "start|begin with [the] [text|word|words] {texts}", anchor="start"),
    *_rows("contains-pattern", "be", "match [the] [pattern|regex] {pattern}"),
    *_rows("has-thing", "be", "contain|show|have|display|include {target:named}", of="place"),
    *_rows("option-selected", "be", "have|show {value} selected|chosen [as_value]\nhave [the] [option|value] {value} selected|chosen", of="field"),
    *_rows("selected-in", "be", "be selected|chosen from|in|for|on {field:select}", of="quoted"),
    *_rows("in-place", "be", """
        be|appear|exist [<shown>|listed|part|contained|included|found] in|within|inside|on|of|under|at|from {place}
        """),
    *_rows("in-place", "be", "be added|saved to {place}", of="quoted"),
    *_rows("gone-from", "be", "be removed|deleted|gone|missing from {place}\ndisappear|vanish from {place}", of="quoted"),
    *_rows("checked", "be", "<be> checked|ticked|selected|chosen|on|switched_on|turned_on|toggled_on", state=True),
    *_rows("checked", "be", "<be> unchecked|unticked|unselected|deselected|off|switched_off|turned_off", state=False),
    *_rows("enabled", "be", "<be> enabled|clickable|editable|interactive", state=True),
    *_rows("enabled", "be", "<be> disabled|greyed_out|grayed_out|unclickable", state=False),
    *_rows("enabled", "be", "<be> active", of="expandable", state=True),
    *_rows("enabled", "be", "<be> inactive", of="expandable", state=False),
    *_rows("readonly", "be", "be read-only|readonly|read_only"),
    *_rows("required", "be", "be required|mandatory"),
    *_rows("expanded", "be", "<be> expanded", of="expandable", state=True),
    *_rows("expanded", "be", "<be> collapsed", of="expandable", state=False),
    *_rows("focused", "be", "<be> [keyboard] focused|in_focus\nhave|get|receive|gain|keep [the] [keyboard] focus", state=True),
    *_rows("focused", "be", "<be> blurred|unfocused\nlose [the] [keyboard] focus", state=False),
    *_rows("focus-target", "be", "be [on|in] {target}", of="focus"),
    *_rows("has-class", "be", "have [the|a] [css] class {value}"),
    *_rows("has-attribute", "be", "have [the|an] attribute {name} [with] [the] [value|set_to|equal_to|of|=] {value}\nhave [the|an] attribute {name}"),
    *_rows("attribute-of", "be", "be|equal {value}", of="attribute"),
    *_rows("height", "be", "be {number:pixels} tall|high"),
    *_rows("width", "be", "be {number:pixels} broad|wide"),
    *_rows("in-viewport", "be", "be [visible] within|in|inside [the] viewport"),
    *_rows("visible", "be", """
        <be> <shown> <onpage>
        <be> visible|displayed|shown to [the] user|me|customer
        appear|show|display|load [up] <onpage>
        become visible|displayed|available
        have [been] opened|appeared|loaded|displayed|shown
        """, of="element", state=True),
    *_rows("visible", "be", "exist <onpage>", of="exact-thing", state=True),
    *_rows("visible", "be", """
        <be> hidden|invisible|gone|absent|missing <onpage>
        be removed|deleted|gone|missing from [the] page|screen|list
        disappear|vanish [from] [the] [page|screen]
        go away
        have [been] disappeared|removed|closed|vanished
        """, of="element", state=False),
    *_rows("visible", "be", "<be> open|opened\nopen|pop [up]", of="closable", state=True),
    *_rows("visible", "be", "<be> closed|dismissed|removed\nclose", of="closable", state=False),
    *_rows("done", "be", "<be> complete|completed|done|finished", of="task", state=True),
    *_rows("done", "be", "<be> incomplete|open|undone|unfinished|not_done|not_completed", of="task", state=False),
)  # fmt: skip
"""All wordings."""
