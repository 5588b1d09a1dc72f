"""Answers for many files: an output file for each input file, whole or not at all.

plan.py           which file becomes which, in which format
one_file.py       one file answered: a job that an executor may do anywhere
table_writer.py   tables of Arrow to a file, in bounded memory
packing.py        files that are packed as their inputs were
manifest.py       what is finished, so that it need not be done again
many_files.py     all of them

What a text gets is what `textcnn predict` answers for it alone, by the same code. Inputs are opened where they are
answered: no more than their names goes through the process that asked.
"""
