"""Word vectors: our compact table, and every other source.

    sources.py    what `--vectors` names, opened: the one door for all that is above
    table.py      words and their vectors, in bytes              neighbours.py  the nearest words
    stored.py     rows that stay in their file until they are needed
    filters.py    what has learned over a table's vectors, for networks to start from
    opening.py    a file, unpacked, its kind found out           coverage.py    how much of some texts is known
    text.py, word2vec.py, fasttext.py    files to blocks of rows, in bounded memory
    conversion.py blocks to a table, in a file or in memory      cache.py       each large file converted once
    downloads.py  gensim's downloader                            trained.py     gensim trains on texts

gensim is imported inside functions only: it takes a second.
"""
