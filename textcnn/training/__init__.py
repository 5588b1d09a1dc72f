"""How a network learns: splitting, batches, the loop, the optimiser of word vectors, calibration."""
