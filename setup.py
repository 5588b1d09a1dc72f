"""Compiles the inner loops; where there is no C compiler the package does without, several times slower.

They keep to the part of Python's interface that stays as it is, so one wheel serves each Python from 3.11 on.
"""

import sys
import sysconfig

from Cython.Build import cythonize
from setuptools import Extension, setup

# No fused multiplication and addition: the same numbers on every machine, and the same as NumPy's.
flags = ["/O2"] if sys.platform == "win32" else ["-O3", "-g0", "-ffp-contract=off", "-fno-math-errno"]

names = ("adam", "convolution", "linear", "whole", "words")
stable = not sysconfig.get_config_var("Py_GIL_DISABLED")  # Pythons without the lock have no stable interface
loops = [
    Extension(
        f"textcnn.compiled.{name}",
        [f"textcnn/compiled/{name}.py"],
        extra_compile_args=flags,
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if stable else [],
        py_limited_api=stable,
        optional=True,
    )
    for name in names
]
options = {
    "build_ext": {"parallel": len(names)},
    "bdist_wheel": {"py_limited_api": "cp311"} if stable else {},
}
setup(ext_modules=cythonize(loops, language_level=3), options=options)
