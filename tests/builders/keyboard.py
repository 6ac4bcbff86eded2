"""A person at a keyboard, without a mouse and without JavaScript: Tab, typing, space, arrows, Enter.

Every page on the way is checked with axe (in a second browser where scripts may run, on the same HTML).
"""

import re
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

MOST_TABS = 150

# The name of the focused element as a person hears it: aria-label, label, its own words, its value.
FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const labels = one.labels ? [...one.labels].map(label => label.innerText).join(' ') : '';
    const words = one.getAttribute('aria-label') || labels || one.innerText || one.value || '';
    const row = one.closest('tr, li, article, section, fieldset');
    return {
        tag: one.tagName, type: one.type || '', name: words.replace(/\\s+/g, ' ').trim(),
        near: row ? row.innerText : '',
        outline: getComputedStyle(one).outlineStyle + getComputedStyle(one).boxShadow,
    };
}"""


def plain(text: str) -> str:
    """One kind of apostrophe and space, no case."""
    return " ".join(text.replace("\u2019", "'").split()).casefold()


@dataclass
class Keyboard:
    """One person's browser; `audited` lists the addresses that axe has seen."""

    browser: Browser
    audited: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page: Page = self.browser.new_context(java_script_enabled=False, locale="fr-FR").new_page()
        self._auditor: Page = self.browser.new_context(locale="fr-FR").new_page()

    def close(self) -> None:
        """Close both browsers' windows."""
        self.page.context.close()
        self._auditor.context.close()

    def visit(self, url: str) -> None:
        """Type an address."""
        self.page.goto(url)
        self.audit()

    def expect(self, words: str) -> None:
        """The page must show these words."""
        shown = plain(self.page.inner_text("body"))
        assert plain(words) in shown, f"« {words} » is not on {self.page.url}: {shown[:900]}"

    def reach(self, words: str, kinds: str = "a|button|input|select|textarea", near: str = "") -> None:
        """Press Tab until the thing with these words has the focus, and the focus can be seen.

        Raises:
            AssertionError: Tab never comes to it, or its focus is invisible.
        """
        seen: list[str] = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            if focused is None:
                continue
            seen.append(focused["name"])
            fits = plain(words) in plain(focused["name"]) and plain(near) in plain(focused["near"])
            if fits and re.fullmatch(kinds, focused["tag"], re.IGNORECASE):
                assert focused["outline"] != "nonenone", f"the focus on « {words} » cannot be seen"
                return
        raise AssertionError(f"Tab never reaches « {words} » on {self.page.url}: {list(dict.fromkeys(seen))}")

    def type(self, label: str, text: str) -> None:
        """Type into the field with this label, in place of what it holds."""
        self.reach(label, "input|textarea")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, label: str, option: str) -> None:
        """Choose in a drop-down list by typing the option's first letters."""
        self.reach(label, "select")
        self.page.keyboard.type(option)

    def tick(self, label: str) -> None:
        """Tick a box with the space bar; a radio button with arrows from the first of its group."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            if focused and focused["type"] == "radio":
                for _ in range(10):
                    if plain(label) in plain(self.page.evaluate(FOCUSED)["name"]):
                        self.page.keyboard.press("Space")
                        return
                    self.page.keyboard.press("ArrowDown")
            if focused and focused["type"] == "checkbox" and plain(label) in plain(focused["name"]):
                self.page.keyboard.press("Space")
                return
        raise AssertionError(f"Tab never reaches « {label} » on {self.page.url}")

    def press(self, words: str, near: str = "") -> None:
        """Press the button, by Enter, and wait for the page that follows."""
        self.reach(words, "button|input", near)
        self._enter()

    def follow(self, words: str, near: str = "") -> None:
        """Follow the link, by Enter."""
        self.reach(words, "a", near)
        self._enter()

    def audit(self) -> None:
        """Let axe look at the page as it stands."""
        self.page.wait_for_load_state()
        base = f'<base href="{self.page.url}">'
        html = re.sub(r"(<head[^>]*>)", rf"\1{base}", self.page.content(), count=1)
        self._auditor.set_content(html, wait_until="load")
        found = Axe().run(self._auditor)
        self.audited.append(self.page.url)
        self.violations += [
            f"{self.page.url}: {violation['id']} {[node['html'][:160] for node in violation['nodes']]}"
            for violation in found.response["violations"]
        ]

    def _enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.audit()
