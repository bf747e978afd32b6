"""The table of wordings: how people say each intent. Adding a wording is adding one row.

A row is a small pattern: ``a|b`` is one of several words, ``[…]`` may be left out, ``_`` joins the words of a phrase,
``{slot}`` takes words of that type (see ``slots.py``). The first element is the verb, in any of its forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Form = Literal["do", "see", "be"]
"""Who or what the verb belongs to: a person acts, a person perceives, a thing is."""


@dataclass(frozen=True)
class Wording:
    """One way to say an intent.

    :param form: see :data:`Form`; ``of`` narrows what the thing of a ``be`` row is.
    :param implied: slots that the words leave out and that the row stands for.
    """

    intent: str
    form: Form
    pattern: str
    of: str = ""
    implied: tuple[tuple[str, object], ...] = ()


def _rows(intent: str, form: Form, patterns: str, of: str = "", **implied: object) -> list[Wording]:
    lines = (line.strip() for line in patterns.strip().splitlines())
    return [Wording(intent, form, line, of, tuple(implied.items())) for line in lines if line]


_TEXT_BOX = "[the|a|an] [following] [value|text|sentence|values|string|words|content]"

WORDINGS: tuple[Wording, ...] = (
    # -- navigate
    *_rows(
        "navigate",
        "do",
        """
        go|navigate|browse|head|proceed|surf|move|come|return [back|over|directly] to [the] [url|path|address|page] {page}
        visit|open|launch|load|access|browse [up] [the] [url|path|address|site|page] {page}
        open [a|the|my] [browser|browser_window|new_browser] on|at|to|with {page}
        point [the|my] browser at|to {page}
        start|begin|land|arrive|be on|at|in|from|with [the] [url|path|address|page] {page}
        start|begin|be on|at {page}
        have [the] {page} open|opened|loaded
        have opened|visited|loaded|launched|accessed {page}
        have navigated|gone|browsed to {page}
        view [the] {page:site}
        """,
    ),
    *_rows("navigate", "be", "be open|opened|loaded|displayed|shown|launched", of="page"),
    *_rows(
        "reload",
        "do",
        """
        reload|refresh [the|this|my|current] [current|web] [page|browser|browser_page|window|site|app|application|view|screen]
        reload|refresh it
        """,
    ),
    *_rows(
        "back",
        "do",
        """
        go|navigate|move|step|return|browse back|backward|backwards [one] [page] [in|with|using|by] [the|my] [browser|history|browser_history]
        go|navigate|move|return [back] to [the] previous page
        click|press|use|hit [on] [the] browser|browser's back [button]
        """,
    ),
    *_rows(
        "forward",
        "do",
        """
        go|navigate|move|step|browse forward|forwards [one] [page] [in|with|using] [the|my] [browser|history|browser_history]
        click|press|use|hit [on] [the] browser|browser's forward [button]
        """,
    ),
    # -- keys, before click: "press Enter" is a key, "press the "Add" button" is a click
    *_rows(
        "press",
        "do",
        """
        press|hit|push|type|strike|use|tap|send|enter [on] [the] {keys} [key|keys] [on|of|from] [the|my] [keyboard]
        press|hit|push|type|use|tap [the] {keys} [key|keys] in|inside|on|within|into {field}
        press|hit|push|tap [the] {keys} [key|keys] {number} times
        press|hit|push|tap [the] {keys} [key|keys] {number:times}
        press|hit|push|use [the] key|keys {keys}
        go|move|tab to [the] next [keyboard|focusable] [element|field|control]
        """,
    ),
    *_rows(
        "press",
        "do",
        "go|move|tab back|backwards|backward to [the] previous [keyboard|focusable] [element|field|control]",
        keys="Shift+Tab",
    ),
    *_rows(
        "press", "do", "go|move|tab to [the] previous [keyboard|focusable] [element|field|control]", keys="Shift+Tab"
    ),
    # -- click
    *_rows(
        "double-click",
        "do",
        """
        double-click|doubleclick|dblclick [on] {target} [to edit it]
        double click|tap [on] {target} [to_edit_it|to_edit]
        double-click|doubleclick [on] {target} to_edit_it|to_edit|to_open_it
        click {target} twice_quickly
        """,
    ),
    *_rows(
        "right-click",
        "do",
        "right-click|rightclick [on] {target}\nright click [on] {target}\nopen [the] context_menu of|on|for {target}",
    ),
    *_rows(
        "click",
        "do",
        """
        click|tap|press|hit|push|follow|activate|trigger|depress|use [on|at|upon] {target}
        click|tap|press|hit|push|follow [on|at] {target} {number:times}
        click|tap|press|hit|push [on|at] {target} {number} times
        select|choose|pick|open|expand|collapse|close|submit|show|hide|dismiss {target:control}
        click|tap|press [on] {target} to {words}
        click|tap|press to {words}
        click|tap|press [on] selector {target}
        make [a] click|tap on {target}
        perform [a] click|tap on {target}
        """,
    ),
    *_rows("click-here", "do", "click|tap"),
    # -- fill
    *_rows(
        "fill",
        "do",
        f"""
        fill|complete|populate [in|out|up] {{field}} with|as|by|using {_TEXT_BOX} {{value}}
        fill|complete|populate [in|out] {_TEXT_BOX} {{value}} for|in|into|as|on {{field}}
        enter|type|input|write|insert|put|add|set|provide|give|key|paste|supply|fill|append|submit|specify [in] {_TEXT_BOX} {{value}} in|into|in_to|to|on|onto|inside|within|for|as|at|under {{field}}
        enter|type|input|provide|supply|specify|give|use|fill|submit [in|out] {{field:label}} {{value}}
        enter|type|input|provide|supply|specify|give|fill|set [in|out] {{field:label}} as|of|with|to|: {{value}}
        set|change|update|edit|replace|modify|rename [the] [value|text|content|contents] [of|in|for] {{field}} to|with|by|as {{value}}
        enter|type|input|write|paste [in] {_TEXT_BOX} {{value}}
        have [entered|typed|filled] [in] {{value}} in|into|for {{field}}
        """,
    ),
    *_rows("fill", "do", "leave|keep {field} empty|blank|unfilled|untouched", value=""),
    *_rows(
        "clear",
        "do",
        "clear|empty|erase|reset|wipe [out] [the] [value|text|content|contents] [of|from|in] {field}\ndelete|remove [the|all] value|text|content|contents of|from|in {field}",
    ),
    *_rows(
        "fill-table",
        "do",
        """
        fill|complete|populate|enter|provide|input|submit [in|out|up] [the] [form|fields|following|details|following_details|following_fields|following_values|following_information|form_details] [as|with|using] [the] [following] [fields|values|details|data|information|below] [in|within|inside {place}] {table}
        fill [in|out] [the] {target:form} with|using [the] [following] [values|details|data|information] {table}
        """,
    ),
    # -- choose, check
    *_rows(
        "select",
        "do",
        """
        select|choose|pick|set|change [the] [option|value|item|entry] [with] [the] [text|label|name] {value} from|in|for|as|on|of|under|within {field:select}
        select|choose|pick [the] [option|value|item] {value} from|in|for|as|on {field:select}
        select|choose|pick {value} as [the] {field:select}
        select|choose|pick {field:label} {value}
        set|change {field:dropdown} to {value}
        """,
    ),
    *_rows(
        "select-value", "do", "select|choose|pick [the] option with [the] value {value} from|in|for|on {field:select}"
    ),
    *_rows(
        "select-nth", "do", "select|choose|pick [the] {nth} option|value|item|entry from|in|for|on|of {field:select}"
    ),
    *_rows(
        "choose",
        "do",
        "select|choose|pick [the] [option|value|item|choice|radio_option] {value}\nselect|choose|pick {target:choice}",
    ),
    *_rows(
        "check",
        "do",
        "check|tick|mark|enable|select|activate [off] {target:checkbox}\ncheck|tick [off] {target}\ntick|check [the] {target} checkbox|box",
    ),
    *_rows("check", "do", "turn|switch|toggle on {target}\nturn|switch|toggle {target} on"),
    *_rows(
        "uncheck",
        "do",
        "uncheck|untick|unmark|deselect|unselect|disable [off] {target:checkbox}\nuncheck|untick {target}",
    ),
    *_rows("uncheck", "do", "turn|switch|toggle off {target}\nturn|switch|toggle {target} off"),
    *_rows("toggle", "do", "toggle|switch|flip {target:checkbox}"),
    # -- pointer
    *_rows(
        "hover",
        "do",
        "hover [over|on|onto|above|at] {target}\nmove|place [the] [mouse|cursor|pointer|mouse_pointer] over|on|onto|to {target}\nmouse over {target}\nmouseover {target}\nmove to {target:control}\npoint at {target}",
    ),
    *_rows(
        "drag",
        "do",
        "drag [and] [drop] {target} to|onto|into|on|over|in {place}\ndrag {target} and drop [it] on|onto|in|into|to {place}\nmove {target:control} to|onto|into {place}\ndrop {target} on|onto|in|into {place}",
    ),
    *_rows(
        "scroll",
        "do",
        "scroll [down|up] to|until|onto [i_see] {target:block}\nscroll {target} into view\nbring {target} into view",
    ),
    *_rows("scroll-end", "do", "scroll [down] to [the] bottom|end [of] [the] [page|screen]\nscroll down"),
    *_rows("scroll-start", "do", "scroll [up|back] to [the] top|beginning [of] [the] [page|screen]\nscroll up"),
    *_rows(
        "focus",
        "do",
        "focus [on|in|into] {target:block}\nset|put|place|move [the] focus|cursor on|to|in|into {target}\ngive focus to {target}\nput [the] cursor in|into {target}",
    ),
    *_rows("blur", "do", "blur|leave [out_of] {target:fieldlike}"),
    # -- files
    *_rows(
        "upload",
        "do",
        "upload|attach|add|select|choose|pick|drop [the|a|an] [file|files|image|document|picture|photo|attachment] {files} to|in|into|for|on|as|using|with|from|via {field:file}\nupload|attach|select|choose [the|a] file|files {files}\nupload|attach {files}",
    ),
    # -- browser dialogs
    *_rows(
        "accept-dialog",
        "do",
        "accept|confirm|ok|approve|acknowledge {dialog}\nclick|press|choose [on] ok|okay|yes in|on {dialog}",
    ),
    *_rows(
        "accept-dialog", "do", "enter|type {value} in|into|to|on {dialog}\nanswer|accept|fill {dialog} with {value}"
    ),
    *_rows(
        "dismiss-dialog",
        "do",
        "dismiss|cancel|reject|decline|close|deny {dialog}\nclick|press|choose [on] cancel|no in|on {dialog}",
    ),
    # -- wait
    *_rows("wait-time", "do", "wait|pause|sleep|stop [for] [about|at_least] {duration}"),
    *_rows(
        "wait-for",
        "do",
        "wait [for|until|on|till] {target} [to_be_visible|to_be_displayed|to_be_shown|to_appear|to_load|to_be_present|to_exist|appears|loads|to_show|is_visible|is_displayed|is_loaded|to_become_visible|is_shown|to_show_up]\nwait [for] {duration} for {target} to_be_visible|to_be_displayed|to_appear|to_exist\nwait on|for {target} for {duration} to be_displayed|exist|appear|be_visible",
    ),
    *_rows(
        "wait-gone",
        "do",
        "wait [for|until|on|till] {target} to_disappear|to_be_hidden|disappears|is_hidden|to_vanish|to_be_gone|is_gone|to_go_away|to_close|to_not_be_displayed|to_be_removed|to_finish\nwait on|for {target} for {duration} to not be_displayed|exist|be_visible",
    ),
    *_rows(
        "wait-enabled",
        "do",
        "wait [for|until|on] {target} to_be_enabled|is_enabled|becomes_enabled\nwait on|for {target} for {duration} to be_enabled",
    ),
    *_rows(
        "wait-disabled",
        "do",
        "wait [for|until|on] {target} to_be_disabled|is_disabled\nwait on|for {target} for {duration} to not be_enabled",
    ),
    *_rows(
        "wait-page",
        "do",
        "wait [for|until] [the] page [to_load|to_be_loaded|is_loaded|loads|to_finish_loading|has_loaded|to_be_ready]",
    ),
    # -- a person sees
    *_rows("count", "see", "see|view|find|have|notice|get [exactly] {count}"),
    *_rows(
        "text",
        "see",
        """
        see|view|find|notice|read|get [the|a|an] [text|message|error|words|error_message|following_text|following_message|success_message] {texts}
        see|view|find|notice|read [the|a|an] [text|message|error|words|error_message|success_message] {texts} in|within|inside|on|under|at|for|from|displayed_in|listed_in|next_to|above|below|as {place}
        be shown|presented|greeted|told|informed [with|by] [the] [text|message|error|error_message] {texts}
        """,
    ),
    *_rows(
        "text-matching", "see", "see|find [the|a] [text] [matching|that_matches|like] {pattern} [in|within|on {place}]"
    ),
    *_rows("checked", "see", "see|find {target} checked|selected|ticked", state=True),
    *_rows("checked", "see", "see|find {target} unchecked|unselected|unticked", state=False),
    *_rows("enabled", "see", "see|find {target} enabled|active", state=True),
    *_rows("enabled", "see", "see|find {target} disabled|inactive|greyed_out|grayed_out", state=False),
    *_rows("focused", "see", "see {target} [keyboard] focused"),
    *_rows(
        "value",
        "see",
        "see|find {target:fieldlike} with|having|containing [the|a] [value|text] {value}\nsee|find {target:fieldlike} named|called|labelled {value:label} and containing|with|having [the] [value] {value}\nsee {value} in|within|inside {field:fieldlike}",
    ),
    *_rows(
        "visible",
        "see",
        "see|view|find|notice|observe|get|have {target}\nbe shown|presented|greeted|prompted [with|by] {target}",
    ),
    *_rows(
        "table",
        "see",
        "see|find|have [the|a|an] [following] {target} [and] [with|containing|containing_the|with_the|as] [following] [items|rows|contents|content|values|entries|data|columns|row] {table}\nsee|find [the] following [texts|text|items|messages|values|content] [in {place}] {table}\nsee [the] following {words} {table}",
    ),
    *_rows(
        "attributes",
        "see",
        "see|find [these|the|following|the_following] attributes [with] [the] [following] [values] {table}",
    ),
    *_rows(
        "on-page",
        "see",
        """
        be|stay|remain|land|arrive|end|still [up] [still] [on|at|in|back_on|back_at] {page:site}
        be redirected|taken|sent|brought|directed|forwarded|navigated|returned|transferred|led|moved [back] to|on [the] [url|path] {page}
        be [back] on|at [the] [url|path|page] {page}
        land|arrive|end [up] on|at {page}
        see|view|reach|get|access [to] {page:site}
        see|view|find [the] url {page:address}
        navigate|go|return [back] to {page:site}
        """,
    ),
    # -- a thing is
    *_rows(
        "dialog",
        "be",
        "be opened|open|shown|displayed|present|visible\nappear|show|open|pop [up]\nhave been opened|shown|displayed",
        of="dialog",
    ),
    *_rows(
        "dialog-text", "be", "contain|say|show|display|read|have [the] [text|message] {value}\nbe {value}", of="dialog"
    ),
    *_rows(
        "url",
        "be",
        "be|equal|become [equal] [to] [exactly] {value:url}\nbe changed to {value:url}\nchange to {value:url}",
        of="url",
    ),
    *_rows(
        "url-contains",
        "be",
        "contain|include [the] [text|path|string] {value:url}\nend|start|begin with {value:url}\nhave [the] [path|query] {value:url}",
        of="url",
    ),
    *_rows("url-matches", "be", "match {pattern}", of="url"),
    *_rows("title", "be", "be|equal|read|say|become [equal] [to] [exactly] {value}", of="title"),
    *_rows(
        "title-contains", "be", "contain|include|have [the] [text] {value}\nstart|begin|end with {value}", of="title"
    ),
    *_rows("title", "be", "have [the|a] [page] title [of] {value}\nbe titled {value}", of="page"),
    *_rows("title-contains", "be", "have [the|a] [page] title containing {value}", of="page"),
    *_rows("heading", "be", "have|show|display [the|a] heading {value}", of="page"),
    *_rows("url", "be", "have [the|a] [page] url|address|path [of] {value:url}", of="page"),
    *_rows(
        "text",
        "be",
        "contain|show|display|include|have|say|mention [the|a] [text|message|words|error] {texts}",
        of="page",
    ),
    *_rows("count", "be", "contain|show|have|display|list|include [exactly|only] {count}"),
    *_rows("empty", "be", "be empty|blank|cleared\nhave no value|text|content\nbe left empty|blank"),
    *_rows(
        "value",
        "be",
        "have|contain|hold|show|display [the|a] value [of|set_to|equal_to] {value}\ncontain|be|have|hold|show|display|equal|read|become [equal] [to] [filled_with|prefilled_with|set_to|populated_with] [the] [text] {value}",
        of="field",
    ),
    *_rows("value", "be", "have|contain [the|a] value [of] {value}\nbe set|filled|prefilled|populated to|with {value}"),
    *_rows("has-any-text", "be", "contain|have any text\nbe filled"),
    *_rows(
        "exact-text",
        "be",
        "be|equal|read|become [equal] [to] [exactly] {texts}\nhave [the|a] [exact] text|label [of] {texts}",
    ),
    *_rows(
        "contains",
        "be",
        "contain|show|display|include|say|have|mention|state|match|indicate|list|hold [the|a|an] [text|message|value|words|word|content] {texts}\nbe displayed|shown as {words:shown}\nbe displayed|shown as {texts}\nstart|begin|end with {texts}",
    ),
    *_rows("contains-pattern", "be", "match [the] [pattern|regex] {pattern}"),
    *_rows("selected-in", "be", "be selected|chosen from|in|for|on {field:select}"),
    *_rows(
        "in-place",
        "be",
        "be|appear|exist [visible|displayed|shown|listed|present|part|contained] in|within|inside|on|of|under {place}\nbe displayed|shown|visible|listed|seen|found|present in|within|inside|on|under|at {place}",
    ),
    *_rows(
        "checked",
        "be",
        "be|become|appear|remain|stay checked|ticked|selected|chosen|on|marked_as_checked|switched_on|turned_on",
        state=True,
    ),
    *_rows(
        "checked",
        "be",
        "be|become|appear|remain|stay unchecked|unticked|unselected|deselected|off|switched_off|turned_off",
        state=False,
    ),
    *_rows("enabled", "be", "be|become|remain|appear enabled|clickable|editable|active", state=True),
    *_rows(
        "enabled", "be", "be|become|remain|appear disabled|greyed_out|grayed_out|inactive|not_clickable", state=False
    ),
    *_rows("readonly", "be", "be read-only|readonly|read_only"),
    *_rows("required", "be", "be required|mandatory"),
    *_rows("expanded", "be", "be|become expanded|opened|open", of="expandable", state=True),
    *_rows("expanded", "be", "be|become collapsed|closed", of="expandable", state=False),
    *_rows("focused", "be", "be|become [keyboard] focused|in_focus\nhave|get|receive|gain|keep [the] [keyboard] focus"),
    *_rows("focused", "be", "be|become blurred|unfocused\nlose [the] [keyboard] focus", state=False),
    *_rows("focus-target", "be", "be {target}", of="focus"),
    *_rows("has-class", "be", "have [the|a] [css] class {value}"),
    *_rows(
        "has-attribute",
        "be",
        "have [the|an] attribute {name} [with] [the] [value|set_to|equal_to|of|=] {value}\nhave [the|an] attribute {name}",
    ),
    *_rows("attribute-of", "be", "be|equal {value}", of="attribute"),
    *_rows("size", "be", "be {number:pixels} tall|broad|wide|high"),
    *_rows("position", "be", "be positioned at {number:pixels} on [the] x|y axis"),
    *_rows("in-viewport", "be", "be [visible] within|in|inside [the] viewport|view"),
    *_rows("same-text", "be", "contain|have [the] same text as {target}"),
    *_rows(
        "visible",
        "be",
        """
        be visible|displayed|shown|present|there|seen|visible_on_screen|rendered|available|on_screen|visible_on_the_page|displayed_on_the_page|shown_on_the_page|displayed_on_screen|presented
        be [visible|displayed|shown|present|seen] on|in [the|this] page|screen
        appear|show [up] [on|in] [the] [page|screen]
        become visible|displayed|available
        be open|opened
        exist [on] [the] [page]
        """,
        state=True,
    ),
    *_rows(
        "visible",
        "be",
        """
        be hidden|invisible|gone|absent|removed|closed|missing|deleted
        disappear|vanish|close [from] [the] [page|screen|list]
        be removed|gone|missing from [the] page|screen|list
        go away
        """,
        state=False,
    ),
)
"""All wordings; of several that match, the one with the most words of its own is meant, then the earlier row."""

INTENTS_BY_FORM = MappingProxyType(
    {form: tuple(row for row in WORDINGS if row.form == form) for form in ("do", "see", "be")}
)
