"""MGAIL: model-based generative adversarial imitation learning (Baram et al., ICML 2017)."""

__version__ = "0.2.0"
