"""Predicts with the arrays of a saved model, as docs/model_files.md says, and compares with what Rust found."""

import json
import pathlib
import re
import sys

import numpy as np

root = pathlib.Path(__file__).resolve().parents[3]
model, wanted = sys.argv[1:]

# The very code of the documentation.
text = (root / "docs" / "model_files.md").read_text(encoding="utf-8")
code, _renewal_of_checksums = re.findall(r"```python\n(.*?)```", text, re.S)
assert code.count('"model.safetensors"') == 1
documented = {}
exec(code.replace('"model.safetensors"', repr(model)), documented)

wanted = json.loads(pathlib.Path(wanted).read_text(encoding="utf-8"))
found = documented["predict_proba"](np.array(wanted["x"]))
np.testing.assert_allclose(found, wanted["probabilities"], rtol=0, atol=1e-12)
assert documented["names"] == wanted["names"], documented["names"]
assert documented["classes"] == wanted["classes"], documented["classes"]
print(f"{len(found)} rows predicted as in Rust")
