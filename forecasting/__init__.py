"""Concord's domain.

Linear algebra is done by one thread. Our matrices are small: several threads spend more time
waiting for each other, at full speed, than one needs, and take it from other people's pages;
what a forecast comes to would hang on how many processors there are, too. What can be done
side by side is done by processes (`demand/process.py`).
"""

import os

# Read by the libraries once, as they are loaded: so it stands before anything of ours.
for _library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_library, "1")
