"""The page in a real browser."""

import statistics
import time
from urllib.parse import urlsplit

import pytest
from browser_page import Page
from graph import LATCHED

from eovseg_ros.msg import Vocabulary


@pytest.fixture(scope="module")
def page(station, browser):
    station.start_node()
    page = Page(browser, station.start_console())
    page.wait_for(".state", "active", 30)
    return page


def test_the_page_shows_the_camera_and_loads_nothing_from_elsewhere(page):
    page.wait_for_frames()
    page.wait_for(".facts .rate", " of 1")
    page.wait_for(".facts .backend", "fake fp32 on cpu")
    assert page.texts(".chip .names") == ["cup", "ball", "floor"]
    assert page.texts(".chip .kind") == ["thing", "thing", "stuff"]
    page.wait_for(".version", "live, version 1, 3 classes")
    loaded = page.browser.execute_script("return performance.getEntries().map((entry) => entry.name)")
    own = page.browser.current_url
    assert [name for name in loaded if "://" in name and not name.startswith(own)] == []
    for kind in ("Camera", "Labels", "Overlay"):
        page.one(f".choice button:nth-child({['Overlay', 'Camera', 'Labels'].index(kind) + 1})").click()
        page.wait_for(".choice [aria-pressed=true]", kind)
        page.wait_for_frames()
    ages = []
    for _ in range(15):
        page.wait_for_frames(1)
        ages.append(float(page.one("canvas").get_dom_attribute("data-age")))
    assert statistics.median(ages) < 0.15  # seconds from the camera to the screen, the node included
    page.save("light")


def test_a_typed_word_is_live_in_the_labels_and_on_the_topic(page, station):
    vocabularies = station.graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    page.type("jug, ewer")
    page.wait_for(".version", "live, version 2, 4 classes")
    assert page.texts(".chip .names")[-1] == "jug, ewer"
    station.graph.wait(lambda: vocabularies and vocabularies[-1].labels[-1] == "jug")
    station.colours = [(7, 3)]  # the fourth class
    page.wait_for(".segments .name", "jug")
    page.one(".line button").click()
    page.wait_for(".version", "live, version 3, 3 classes")
    assert page.texts(".chip .names") == ["cup", "ball", "floor"]
    station.colours = [(7, 1)]
    page.wait_for(".segments .name", "ball")


def test_a_preset_replaces_the_vocabulary_until_undo(page):
    script = """
        const list = document.querySelector(".presets select");
        list.value = "@coco_panoptic";
        list.dispatchEvent(new Event("change"));
    """
    page.browser.execute_script(script)
    page.wait_for(".version", "133 classes")
    assert page.texts(".chip .names") == ["@coco_panoptic"] and page.texts(".chip .kind") == ["set"]
    page.one(".line button").click()
    page.wait_for(".version", "3 classes")


def test_a_refused_word_stays_with_the_words_of_the_node(page):
    page.type("cup")
    page.wait_for(".refused .why", "'cup' is a duplicate")
    assert page.texts(".refused .names") == ["cup"] and len(page.texts(".chip")) == 4
    page.save("refused")
    page.click(".refused .remove")
    page.until(lambda: not page.texts(".refused"), "the end of the refusal")
    page.type("broken pot")
    page.wait_for(".refused .why", "the text tower tripped")
    page.click(".refused .remove")


def test_a_word_is_never_html(page, station):
    word = "<img src=x onerror=alert(1)>"
    page.type(word)
    page.wait_for(".version", "4 classes")
    station.colours = [(7, 3)]
    page.wait_for(".segments .name", word)
    page.click(".segments tbody button")
    page.wait_for(".tag", word)
    page.click(".knobs > button")
    page.wait_for(".copies pre", word)
    assert page.texts(".chip .names")[-1] == word
    assert page.browser.execute_script("return document.images.length") == 0
    page.click(".copies > button:last-child")
    page.until(lambda: not page.all(".copies"), "the end of the dialog")
    page.click(".chip:last-child .remove")
    station.colours = [(7, 1)]
    page.wait_for(".version", "3 classes")


def test_a_segment_is_outlined_and_named_where_people_point(page):
    page.wait_for_frames()
    canvas = page.one("canvas")
    from selenium.webdriver import ActionChains

    width, height = canvas.size["width"], canvas.size["height"]
    square = (int((120 / 640 - 0.5) * width), int((200 / 480 - 0.5) * height))
    ActionChains(page.browser).move_to_element_with_offset(canvas, *square).perform()
    page.wait_for(".tag", "ball")
    points = page.one(".outline .line").get_dom_attribute("points")
    xs, ys = zip(*(map(float, corner.split(",")) for corner in points.split()), strict=True)
    assert min(xs) * 640 == pytest.approx(60.5) and max(xs) * 640 == pytest.approx(179.5)
    assert min(ys) * 480 == pytest.approx(100.5) and max(ys) * 480 == pytest.approx(299.5)
    ActionChains(page.browser).move_to_element_with_offset(canvas, width // 2 - 5, 0).perform()
    page.until(lambda: not page.texts(".tag"), "void")


def test_two_browsers_see_the_same(page, browser):
    first = browser.current_window_handle
    url = browser.current_url
    browser.switch_to.new_window("window")
    try:
        second = Page(browser, url)
        second.wait_for(".state", "active")
        second.type("jug")
        second.wait_for(".version", "4 classes")
        second.wait_for_frames()
        browser.switch_to.window(first)
        page.wait_for(".chip .names", "jug")
        page.click(".chip:last-child .remove")
        browser.switch_to.window(browser.window_handles[-1])
        second.wait_for(".version", "3 classes")
        assert second.texts(".chip .names") == ["cup", "ball", "floor"]
    finally:
        browser.close()
        browser.switch_to.window(first)


def test_everything_with_the_keyboard_alone(page):
    from selenium.webdriver import Keys

    def focused(script):
        return page.browser.execute_script(f"return document.activeElement.{script}")

    def tab_to(text):
        for _ in range(60):
            page.press(Keys.TAB)
            if text in (focused("ariaLabel") or focused("innerText") or focused("id")):
                return
        raise AssertionError(f"Tab never reaches {text!r}")

    page.browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    tab_to("arrow keys choose a pixel")
    page.press(Keys.ESCAPE, *[Keys.ARROW_LEFT] * 16)  # from the middle, wherever the pointer is
    page.wait_for(".tag", "ball")
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.texts(".tag"), "the end of the outline")
    tab_to("New class")
    page.press("jug", Keys.ENTER)
    page.wait_for(".version", "4 classes")
    tab_to("jug is thing")
    page.press(Keys.SPACE)
    page.wait_for(".chip:last-child .kind", "stuff")
    page.until(lambda: "live" in page.texts(".version")[0], "the change")
    tab_to("Remove jug")
    page.press(Keys.ENTER)
    page.wait_for(".version", "3 classes")
    assert focused("ariaLabel") == "New class"
    tab_to("Outline ball")
    page.press(Keys.ENTER)
    page.wait_for(".tag", "ball")
    page.press(Keys.ENTER)
    tab_to("set-overlay_opacity")
    page.press(Keys.ARROW_RIGHT)
    page.wait_for(".settings .value", "0.51")


def test_settings_are_sent_and_refusals_are_shown(page, station):
    opacity = "document.getElementById('set-overlay_opacity')"
    script = (
        f"{opacity}.value = 0.25; for (const e of ['input', 'change']) {opacity}.dispatchEvent(new Event(e))"
    )
    page.browser.execute_script(script)
    page.wait_for(".settings .value", "0.25")
    time.sleep(1.0)  # the slider shows its own value until then
    page.wait_for(".settings .value", "0.25")
    (result,) = station.graph.set("/eovseg", overlay_opacity="0.75")
    assert result.successful
    page.wait_for(".settings .value", "0.75")  # changed by another client


RATIOS = """
const number = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const colour = number(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll("body *")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .filter((one) => one.checkVisibility() && !one.disabled && !one.closest("script, style, noscript"))
  .map((one) => {
    const [a, b] = [number(getComputedStyle(one).color), ground(one)].map(light).sort((x, y) => y - x);
    return [one.className || one.tagName, one.innerText.slice(0, 30), (a + 0.05) / (b + 0.05)];
  });
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_a_contrast_of_four_and_a_half(page, theme):
    media = [{"name": "prefers-color-scheme", "value": theme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    page.until(lambda: page.all(f"body.body--{theme}"), theme)
    page.type("cup")
    page.wait_for(".refused .why", "duplicate")
    time.sleep(0.4)  # colours fade
    page.save(f"contrast_{theme}")
    texts = page.browser.execute_script(RATIOS)
    page.click(".refused .remove")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(texts) > 30
    assert [text for text in texts if text[2] < 4.5] == []


def test_a_phone_shows_everything_in_one_column(page):
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.wait_for_frames()
        script = "return [document.documentElement.scrollWidth, innerWidth]"
        assert page.browser.execute_script(script) == [390, 390]
        lefts = {round(one.rect["x"]) for one in page.all("section.card")}
        assert len(lefts) == 1
        page.save("phone")
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_an_inactive_node_is_activated_by_a_button(page, station):
    from std_srvs.srv import SetBool

    client = station.graph.node.create_client(SetBool, "/eovseg/enable")
    assert station.graph.call(client, SetBool.Request(data=False)).success
    page.wait_for(".banner", "does not process images")
    page.save("inactive")
    page.one(".banner button").click()
    page.wait_for(".state", "active")
    page.wait_for_frames()
    page.until(lambda: not any(page.texts(".banner")), "the end of the banner")


def test_a_node_that_is_started_again_under_the_page(page, station):
    station.node.stop()
    page.wait_for(".state", "not there", 5)
    page.wait_for(".banner", "node /eovseg")
    page.one(".stale .waiting")
    drawn = page.frames
    page.save("missing")
    station.add_camera("rear")
    station.start_node(cameras=["front", "rear"])
    page.wait_for(".banner", "it has no publisher", 30)  # front: the node's own hint
    page.save("silent")
    page.wait_for(".choice button", "front")
    assert page.all(".stale") and page.frames == drawn  # the last picture was not drawn again
    page.click(".choice[aria-label=Camera] button:last-child")
    page.wait_for(".state", "active")
    page.wait_for_frames()
    page.wait_for(".segments .name", "ball")
    severe = [line for line in page.browser.get_log("browser") if "Error:" in line["message"]]
    assert severe == []


def test_a_node_without_an_overlay(page, station):
    station.start_node(overlay=False)
    page.wait_for(".waiting", "its parameter overlay is false", 30)
    page.click(".choice[aria-label=Picture] button:nth-child(2)")
    page.wait_for_frames()


def test_a_console_that_is_started_again_under_the_page(page, station):
    port = urlsplit(page.browser.current_url).port
    page.browser.execute_script("window.old = true")
    station.console.stop()
    station.start_node()
    station.start_console("--port", str(port))
    page.until(lambda: not page.browser.execute_script("return window.old"), "the new page", 30)
    page.wait_for(".state", "active")
    page.wait_for_frames()
