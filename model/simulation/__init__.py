"""The simulated robot camera's world: random scenes with their ground truth, and the training sets made of them."""
