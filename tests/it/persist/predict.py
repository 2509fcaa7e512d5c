"""Predicts with the arrays of a saved model, as docs/model_files.md says, and compares with what Rust found.

Then saves the file again with the package, and renews its checksum.
"""

import json
import pathlib
import re
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

root = pathlib.Path(__file__).resolve().parents[3]
model, wanted = sys.argv[1:]

# The very code of the documentation.
text = (root / "docs" / "model_files.md").read_text(encoding="utf-8")
code, renewal = re.findall(r"```python\n(.*?)```", text, re.S)
assert code.count('"model.safetensors"') == 1
documented = {}
exec(code.replace('"model.safetensors"', repr(model)), documented)

wanted = json.loads(pathlib.Path(wanted).read_text(encoding="utf-8"))
found = documented["predict_proba"](np.array(wanted["x"]))
np.testing.assert_allclose(found, wanted["probabilities"], rtol=0, atol=1e-12)
assert documented["names"] == wanted["names"], documented["names"]
assert documented["classes"] == wanted["classes"], documented["classes"]
print(f"{len(found)} rows predicted as in Rust")

with safe_open(model, framework="np") as file:
    metadata = file.metadata()
arrays = load_file(model)
arrays["checksum"] = np.zeros_like(arrays["checksum"])
save_file(arrays, model, metadata=metadata)
exec(renewal, documented)
documented["renew_checksum"](model)
