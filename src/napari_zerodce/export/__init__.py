"""Checkpoints as files for other programs: ONNX models, and packages of bioimage.io."""
