import json
import unittest
from datetime import datetime, timezone

import greeting
import hello
import page

STAMP = {"commit": "0123456789abcdef", "execution": "execution-1", "built": "2026-01-02T03:04:05Z"}
NOW = datetime(2026, 1, 2, 3, 5, tzinfo=timezone.utc)


class HelloTest(unittest.TestCase):
    def test_text_greets(self):
        self.assertGreaterEqual(len(greeting.TEXT.strip()), 3, "it should greet somebody")

    def test_page_shows_greeting_and_commit(self):
        shown = page.render('Good <morning> & "welcome"', STAMP["commit"], STAMP["built"])
        for want in ["Good &lt;morning&gt; &amp; &quot;welcome&quot;", "<code>0123456</code>", STAMP["built"]]:
            self.assertIn(want, shown)
        self.assertNotIn("<morning>", shown)
        self.assertNotIn("{{", shown)

    def test_programs_get_json(self):
        answer = hello.respond("*/*", STAMP, NOW)
        self.assertEqual(answer["headers"]["Content-Type"], "application/json")
        self.assertEqual(json.loads(answer["body"]), {"greeting": greeting.TEXT, "time": "2026-01-02T03:05:00Z", **STAMP})

    def test_browsers_get_the_page(self):
        answer = hello.respond("text/html,*/*;q=0.8", STAMP, NOW)
        self.assertEqual(answer["headers"]["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(answer["body"], page.render(greeting.TEXT, STAMP["commit"], STAMP["built"]))


if __name__ == "__main__":
    unittest.main()
