"""The CVAE in torch: networks, latent space, checkpoints."""
