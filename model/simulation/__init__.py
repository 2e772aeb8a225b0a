"""The simulated robot camera's world: random scenes, their ground truth, and training sets made of them."""
