"""What is on the disk.

tensor_file.py  safetensors files, read without trust and written
quantized.py    matrices with one byte per number
atomic.py       files written whole or not at all
regular.py      files that can be read at once
"""
