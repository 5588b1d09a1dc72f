"""Word vectors: our compact table, and every other source through gensim."""
