"""The network in torch: for training only; answers are given by lookup.py, in numpy."""
