"""MGAIL: model-based generative adversarial imitation learning (Baram et al., ICML 2017)."""
