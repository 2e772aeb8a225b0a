"""The page in a browser."""

import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
SHOTS = ROOT / "build/screenshots"


class Page:
    """What the tests do on the page, by what people see."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)
        self.until(lambda: self.all("canvas"), "the page")

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def one(self, selector):
        return self.until(lambda: next(iter(self.all(selector)), None), selector)

    def texts(self, selector):
        """The texts of all elements; read at once, as they come and go."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return self.browser.execute_script(script, selector)

    def until(self, condition, what, seconds=15.0):
        end = time.monotonic() + seconds
        while not (answer := condition()):
            assert time.monotonic() < end, f"waited {seconds} s in vain for {what}: {self.texts('body')}"
            time.sleep(0.05)
        return answer

    def wait_for(self, selector, text, seconds=15.0):
        self.until(lambda: any(text in one for one in self.texts(selector)), f"{text!r}", seconds)

    def click(self, selector):
        """Click on an element that may just be drawn again."""
        script = "const one = document.querySelector(arguments[0]); one?.click(); return Boolean(one)"
        self.until(lambda: self.browser.execute_script(script, selector), selector)

    def type(self, text):
        self.one("form input:enabled").send_keys(text, "\ue007")

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    @property
    def frames(self):
        """Number of pictures drawn so far."""
        return int(self.one("canvas").get_dom_attribute("data-frames") or 0)

    def wait_for_frames(self, count=3, seconds=15.0):
        drawn = self.frames
        self.until(lambda: self.frames >= drawn + count, "pictures", seconds)

    def save(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(SHOTS / f"{name}.png"))
