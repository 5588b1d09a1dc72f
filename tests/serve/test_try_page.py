"""The page to try texts, in a browser: it answers, shades words, takes a token, and no text can do anything there."""

import time

import browser
import pytest
from examples import HAM, SPAM
from serving import serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium to open the page in"),
]
HOSTILE = "<img src=x onerror=alert(1)> free \u202eback \x07 👩‍👧 cash"
TOKEN = "f00dfacef00dfacef00dface"


def until(tab, condition):
    end = time.monotonic() + 60
    while not tab.run(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def asked(tab, text):
    """Write into the page, as a person would, and wait for the answers."""
    tab.run("document.getElementById('texts').value = ''; document.getElementById('texts').focus()")
    tab.send("Input.insertText", text=text)
    tab.run("document.querySelector('button').click()")
    until(tab, "!document.querySelector('button').disabled")


def test_texts_are_answered_with_their_words_shaded(model, tmp_path):
    with serving(model) as server, browser.Browser() as tab:
        for name, size in (("wide", {}), ("dark", {"dark": True}), ("phone", {"width": 390, "height": 800})):
            tab.open(f"{server.address}/", **size)
            until(tab, "document.getElementById('model').value === 'model'")
            asked(tab, "\n".join([SPAM[0], "", HAM[0], HOSTILE]))
            assert tab.run("[...document.querySelectorAll('.given')].map((one) => one.textContent)")[:2] == [
                "spam",
                "ham",
            ]
            texts = tab.run("[...document.querySelectorAll('.text')].map((one) => one.textContent)")
            assert texts == [SPAM[0], HAM[0], HOSTILE.replace("\u202e", "\ufffd").replace("\x07", "\ufffd")]
            shaded = "[...document.querySelectorAll('.text span')].filter((one) => one.style.backgroundColor)"
            assert tab.run(f"{shaded}.length") >= 4
            assert tab.run("document.querySelectorAll('img, #answers script').length") == 0
            assert tab.run("document.documentElement.scrollWidth <= innerWidth")
            tab.picture(tmp_path / f"{name}.png")
        tab.run("document.getElementById('threshold').value = '1'")
        asked(tab, HAM[0])
        assert tab.run("document.querySelector('.given').textContent") == "unknown"
        tab.open(f"{server.address}/docs", width=390)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        tab.picture(tmp_path / "docs.png")
        assert tab.happened == []


def test_the_token_is_in_the_address_or_in_a_field(model, folder):
    (folder / "token").write_text(TOKEN)
    with serving(model, f"--token-file={folder / 'token'}") as server, browser.Browser() as tab:
        tab.open(f"{server.address}/#{TOKEN}")
        until(tab, "document.getElementById('model').value === 'model'")
        assert tab.run("document.getElementById('token-field').hidden")
        tab.open(f"{server.address}/?")
        until(tab, "!document.getElementById('token-field').hidden")
        assert "a token is needed" in tab.run("document.getElementById('status').textContent")
        tab.run("document.getElementById('token').focus()")
        tab.send("Input.insertText", text=TOKEN)
        asked(tab, SPAM[0])
        assert tab.run("document.querySelector('.given').textContent") == "spam"
