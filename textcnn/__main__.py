"""`python -m textcnn` is `textcnn`."""

from textcnn.cli import main

main()
