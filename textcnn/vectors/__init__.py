"""Word vectors: our compact table, and every other source.

    loading.py      what `--vectors` names, opened: the one door for all that is above
    table.py        words and their vectors, in bytes            neighbours.py  the nearest words
    stored_rows.py  rows that stay in their file until they are needed
    pretrained_filters.py    filters that have learned over a table's vectors, for networks to start from
    source.py       a file, unpacked, its kind found out         coverage.py    how much of some texts is known
    text_format.py, word2vec.py, fasttext.py    files to blocks of rows, in bounded memory
    conversion.py   blocks to a table, in a file or in memory    cache.py       each large file converted once
    downloads.py    gensim's downloader                          gensim_training.py  gensim trains on texts
    progress.py     how far a conversion or training is, for whoever shows it

gensim is imported inside functions only: it takes a second.
"""
