"""Inference: one request in, one result out."""
