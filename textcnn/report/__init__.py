"""Reports: one self-contained HTML page about a model's answers to labelled texts, or about checks.

    context.py    what a page is about            page.py      the pages: everything below, put into a template
    curves.py     numbers to draw and to list     frame.html   what all pages share, with page.css and page.js
    insights.py   what decided, text by text      page.html    the page about answers; parts.html its repeated parts
    plots.py      drawings                        checks.html  the page about checks alone
    training_page.py  the page about a training   folds_page.py  the page about a cross-validation, with folds.html

The page needs no network and opens from disk. All text of the data is escaped, and the page allows no script but its
own (a content security policy with its hash), so that a text that slipped through would not run either.
"""

from textcnn.report.context import PageContext
from textcnn.report.page import Doubt, checks_page, page, write_page
from textcnn.report.training_page import training_page

__all__ = ["Doubt", "PageContext", "checks_page", "page", "training_page", "write_page"]
