"""From no labels to a classifier: which text to ask next, what was answered, and how good a model it makes.

session.py     texts, answers and the next question, whatever shows them: a terminal, a browser, a simulation
journal.py     each step on the disk before the next question
pile.py        the texts that wait, with their own columns
adviser.py     what is computed between questions, in the background
pool.py        the texts from which questions are chosen
strategies.py  which text next
sentences.py   vectors by which texts are alike
smoothing.py   vectors drawn towards those of their neighbours, which need no label
learner.py     the learner between two questions
pupil.py       what the texts without labels tell about the learner's answers
forecast.py    what more labels would bring
shading.py     which words a guess rests on
wording.py     what every screen says in the same words
web.py         the page in a browser, with label.html, label.css and label.js
simulation.py  what it would be worth, told from texts that are labelled already
"""
