"""Compiles the inner loops; where there is no C compiler the package does without, several times slower."""

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

# No fused multiplication and addition: the same numbers on every machine, and the same as NumPy's.
flags = ["/O2"] if sys.platform == "win32" else ["-O3", "-g0", "-ffp-contract=off", "-fno-math-errno"]

names = ("adam", "convolution", "linear", "whole", "words")
loops = [
    Extension(f"textcnn.compiled.{name}", [f"textcnn/compiled/{name}.py"], extra_compile_args=flags, optional=True)
    for name in names
]
setup(ext_modules=cythonize(loops, language_level=3), options={"build_ext": {"parallel": len(names)}})
