"""Compiles the inner loops; where there is no C compiler the package does without, several times slower."""

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

# No fused multiplication and addition: the same numbers on every machine, and the same as NumPy's.
flags = ["/O2"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]

setup(
    ext_modules=cythonize(
        [Extension("textcnn.kernels", ["textcnn/kernels.py"], extra_compile_args=flags, optional=True)],
        language_level=3,
    )
)
