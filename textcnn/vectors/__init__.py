"""Word vectors: our compact table, and every other source.

    loading.py             what `--vectors` names, opened: the one door for all that is above
    table.py               words and their vectors, in bytes
    packs.py               tables of other languages that are installed beside the package
    stored_rows.py         rows that stay in their file until they are needed
    pretrained_filters.py  filters that have learned over a table, for networks to start from
    source.py              a vectors file, unpacked, its kind found out
    text_format.py  word2vec.py  fasttext.py    files to blocks of rows, in bounded memory
    conversion.py          blocks to a table, in a file or in memory
    cache.py               each large file converted once
    downloads.py           gensim's downloader
    gensim_training.py     vectors that gensim trains on texts
    neighbours.py          the nearest words
    coverage.py            how much of some texts is known
    progress.py            how far long work is

gensim is imported inside functions only: it takes a second.
"""
