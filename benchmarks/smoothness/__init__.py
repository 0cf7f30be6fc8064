"""The study of smoothness losses with higher derivatives: docs/smoothness-study.md."""
